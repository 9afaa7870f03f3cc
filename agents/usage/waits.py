"""How long people waited for the first text, counted by the database."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import Greatest, RowNumber

from agents.models import Run
from agents.usage.moments import Seconds


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds to the first text: half of the runs, and 95 of 100, had it by then. None where no text came."""

    p50: float | None = None
    p95: float | None = None


NO_WAIT: Final = Wait()


def waits_of(runs: QuerySet[Run], *, since: Any, by: str | None) -> dict[Any, Wait]:
    """Return the exact median and 95th percentile (nearest rank) of each group of runs, or of all under None.

    `since` is when the waiting of a run began, `by` the field or annotation that makes the groups. The database sorts
    the waits and numbers them; the rank p of n is the first place with 100 · place ≥ p · n.
    """
    numbered = (
        runs.exclude(first_text_at=None)
        .annotate(wait=Greatest(Seconds("first_text_at") - Seconds(since), 0.0))
        .annotate(
            place=Window(RowNumber(), order_by="wait", partition_by=by),
            of=Window(Count("pk"), partition_by=by),
        )
        .annotate(p50=F("of") * 50 - F("place") * 100, p95=F("of") * 95 - F("place") * 100)
        .filter(Q(p50__gt=-100, p50__lte=0) | Q(p95__gt=-100, p95__lte=0))
        .order_by()
        .values_list(by or "pk", "wait", "p50", "p95")
    )
    found: dict[Any, Wait] = {}
    for group, wait, p50, p95 in numbered:
        key = group if by else None
        known = found.get(key, NO_WAIT)
        found[key] = Wait(
            p50=wait if -100 < p50 <= 0 else known.p50,
            p95=wait if -100 < p95 <= 0 else known.p95,
        )
    return found
