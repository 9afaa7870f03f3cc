"""What was measured, and what was promised."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

COLUMNS = ("measured", "value", "budget", "", "runs")


@dataclass
class Figure:
    """One thing measured once or several times; every budget is an upper one."""

    name: str
    runs: list[float]
    unit: str
    budget: float | None = None
    value: float = field(init=False)

    def __post_init__(self) -> None:
        self.value = median(self.runs)

    @property
    def verdict(self) -> str:
        """Say whether the budget was kept; nothing where there is none."""
        if self.budget is None:
            return ""
        return "ok" if self.value <= self.budget else "OVER"

    def row(self) -> tuple[str, str, str, str, str]:
        budget = "" if self.budget is None else f"≤ {self.budget:g} {self.unit}"
        spread = " ".join(f"{run:.3g}" for run in self.runs) if len(self.runs) > 1 else ""
        return self.name, f"{_short(self.value)} {self.unit}", budget, self.verdict, spread


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(scenario: str, figures: list[Figure]) -> str:
    """Write the figures of a scenario for a terminal."""
    rows = [COLUMNS, *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"{scenario}", *(f"  {line}" for line in lines), ""])


def write_summary(path: Path, figures: dict[str, list[Figure]], failed: dict[str, str], **about: Any) -> None:
    """Write everything for programs."""
    summary = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        **about,
        "figures": {name: [asdict(row) | {"verdict": row.verdict} for row in rows] for name, rows in figures.items()},
        "failed": failed,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(summary, indent=2))


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
