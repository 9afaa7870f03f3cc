"""What the questions of a session add to its counts: the one place that says so."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchsessions.models import Item, ItemStatus
from benchsessions.models.sessions import FAILED
from benchsessions.rubric import COUNTED_AS

# The columns of a question that are read for it.
COUNTED: Final = ("status", "verdict", "is_flagged")


def counts_of(item: Item) -> Counter[str]:
    """Return what one question adds. A verdict on an error is kept and counts as nothing: there was no answer."""
    counts = Counter({"n_answered": item.status == ItemStatus.OK, "n_failed": item.status in FAILED})
    counts["n_skipped"] += item.status == ItemStatus.SKIPPED
    counts["n_flagged"] += item.is_flagged
    if item.verdict and item.status not in FAILED:
        counts["n_rated"] += 1
        if column := COUNTED_AS.get(item.verdict):
            counts[column] += 1
    return counts


@contextmanager
def counting(item: Item, grown: Counter[str]) -> Iterator[None]:
    """Add to `grown` what a change of a question inside adds to the counts of its session."""
    grown.subtract(counts_of(item))
    yield
    grown.update(counts_of(item))
