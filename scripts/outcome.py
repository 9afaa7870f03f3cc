"""Count what pytest did, from its JUnit report."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

NO_TESTS_COLLECTED = 5


@dataclass
class Outcome:
    """Hold the result of one run of pytest."""

    backend: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    reasons: Counter[str] = field(default_factory=Counter)
    missing: str = ""

    @classmethod
    def read(cls, backend: str, report: Path, exit_code: int, seconds: float) -> "Outcome":
        """Sum up a report; a run that broke off without a failed test still failed."""
        outcome = cls(backend, seconds=seconds)
        cases = ET.parse(report).iter("testcase") if report.exists() else iter(())  # noqa: S314 - pytest's own file
        for case in cases:
            skip = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                outcome.failed += 1
            elif skip is not None:
                outcome.skipped += 1
                outcome.reasons[skip.get("message") or "no reason given"] += 1
            else:
                outcome.passed += 1
        if exit_code not in (0, NO_TESTS_COLLECTED):
            outcome.failed = max(outcome.failed, 1)
        return outcome


def table(outcomes: list[Outcome]) -> str:
    """Show what ran, what was skipped and why; the last line is the sum."""
    lines = ["", f"{'backend':<15} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}"]
    for outcome in outcomes:
        counts = f"{outcome.passed:>7} {outcome.failed:>7} {outcome.skipped:>8} {outcome.seconds:>8.0f}"
        lines.append(f"{outcome.backend:<15} {outcome.missing or counts}")
    for outcome in outcomes:
        for reason, count in sorted(outcome.reasons.items()):
            lines.append(f"{outcome.backend}: {count} skipped: {reason}")
    return "\n".join([*lines, "", total(outcomes)])


def total(outcomes: list[Outcome]) -> str:
    """Sum all backends in one plain line."""
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    skipped = sum(outcome.skipped for outcome in outcomes)
    return f"{passed} passed, {failed} failed, {skipped} skipped"
