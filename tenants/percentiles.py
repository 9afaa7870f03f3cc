"""Exact percentiles (nearest rank): the rank p of n numbers is the first place with 100 · place ≥ p · n."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The median and the 95th percentile of some numbers; None where there are none."""

    p50: float | None = None
    p95: float | None = None


NO_NUMBERS: Final = Percentiles()


def percentiles_of(rows: QuerySet[Any], of: str, *, by: Sequence[str] = ()) -> dict[tuple[Any, ...], Percentiles]:
    """Return the median and the 95th percentile of a number of each group of rows, counted by the database.

    `of` and `by` are fields or annotations; a group is named by its values of `by`, all rows by the empty tuple.
    """
    groups = list(by) or None
    numbered = (
        rows.annotate(
            place=Window(RowNumber(), order_by=of, partition_by=groups), among=Window(Count("*"), partition_by=groups)
        )
        .annotate(over50=F("among") * 50 - F("place") * 100, over95=F("among") * 95 - F("place") * 100)
        .filter(Q(over50__gt=-100, over50__lte=0) | Q(over95__gt=-100, over95__lte=0))
        .order_by()
        .values_list(*by, of, "over50", "over95")
    )
    found: dict[tuple[Any, ...], Percentiles] = {}
    for *group, number, over50, over95 in numbered:
        known = found.get(tuple(group), NO_NUMBERS)
        found[tuple(group)] = Percentiles(
            p50=number if -100 < over50 <= 0 else known.p50,
            p95=number if -100 < over95 <= 0 else known.p95,
        )
    return found


def percentiles_among(numbers: Iterable[float]) -> Percentiles:
    """Return the median and the 95th percentile of numbers at hand."""
    ranked = sorted(numbers)
    if not ranked:
        return NO_NUMBERS
    return Percentiles(*(ranked[-(-percent * len(ranked) // 100) - 1] for percent in (50, 95)))
