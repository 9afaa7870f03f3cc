"""A report of usage as pictures and as cells: what is drawn of it, and what the drawing says in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from agents.usage.reports import SIZES, Part, Report, Sums
from tenants import charts
from tenants.charts import Drawing

# From the floor up; the names are those of the fields of `Sums` and of the classes in charts.css.
OUTCOMES: Final = {
    "complete": "Complete",
    "stopped": "Stopped",
    "running": "Running",
    "interrupted": "Interrupted",
    "failed": "Failed",
}
WAITS: Final = {"p50": "Half of them within", "p95": "95 of 100 within"}
COLUMNS: Final = ("runs", *OUTCOMES, *SIZES.values())


@dataclass(frozen=True, slots=True)
class Share:
    """A part beside the largest one."""

    part: Part
    width: str


def runs_per_day(report: Report) -> Drawing:
    """Draw how many runs each day had and how they ended."""
    days = [day.day for day in report.days]
    series = {outcome: [getattr(day.sums, outcome) for day in report.days] for outcome in OUTCOMES}
    most = max(report.days, key=lambda day: day.sums.runs)
    says = (
        f"{report.total.runs:,} in {len(days)} days, at most {most.sums.runs:,} a day ({most.day.day} {most.day:%B})."
    )
    return Drawing("runs", "Runs per day", says, charts.stacked(days, series, OUTCOMES))


def waits_per_day(report: Report) -> Drawing:
    """Draw how long the first text took each day."""
    series = {kind: [getattr(day.wait, kind) for day in report.days] for kind in WAITS}
    chart = charts.lines([day.day for day in report.days], series, WAITS, tell=_seconds)
    says = "No text came in these days."
    if report.wait.p50 is not None:
        says = f"Half of the runs had text within {report.wait.p50:.2f} s, 95 of 100 within {report.wait.p95:.2f} s."
    return Drawing("waits", "Seconds to the first text", says, chart)


def shares(parts: Sequence[Part]) -> list[Share]:
    """Set each part beside the largest."""
    most = max((part.sums.runs for part in parts), default=0)
    return [Share(part, charts.percent(part.sums.runs, most)) for part in parts]


def cells(sums: Sums) -> list[int]:
    """Return numbers in the order of `COLUMNS`."""
    return [sums.runs, *(getattr(sums, name) for name in (*OUTCOMES, *SIZES))]


def picture_of(report: Report) -> dict[str, Any]:
    """Return what every page of usage shows."""
    return {
        "report": report,
        "outcomes": OUTCOMES,
        "runs_drawing": runs_per_day(report),
        "agent_shares": shares(report.agents),
    }


def _seconds(name: str, value: float) -> str:
    return f"{name.lower()} {value:.2f} s"
