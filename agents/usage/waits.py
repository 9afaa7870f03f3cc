"""How long people waited for the first text, in seconds."""

from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.functions import Greatest

from agents.models import Run
from agents.usage.moments import Seconds
from tenants.percentiles import Percentiles, percentiles_of

Wait = Percentiles
NO_WAIT: Final = Wait()


def waits_of(runs: QuerySet[Run], *, since: Any, by: str | None) -> dict[Any, Wait]:
    """Return how soon half and 95 of 100 of each group of runs had text, or of all under None.

    `since` is when the waiting of a run began, `by` the field or annotation that makes the groups.
    """
    with_text = runs.exclude(first_text_at=None)
    waited = with_text.annotate(wait=Greatest(Seconds("first_text_at") - Seconds(since), 0.0))
    found = percentiles_of(waited, "wait", by=[by] if by else ())
    return {group[0] if group else None: wait for group, wait in found.items()}
