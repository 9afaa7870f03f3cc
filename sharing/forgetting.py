"""Forgetting those who only ever waited: the access log is of those who came in."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from sharing.models import Participant

KEPT_FOR: Final = timedelta(days=1)
AT_ONCE: Final = 100


@transaction.atomic
def forget_those_who_waited() -> None:
    """Delete some of the team's visitors who never came in and were last heard of more than a day ago."""
    over = Participant.objects.filter(joined_at=None, lease_until__lt=timezone.now() - KEPT_FOR)
    ids = over.select_for_update(skip_locked=True).values_list("id", flat=True)[:AT_ONCE]
    Participant.objects.filter(id__in=list(ids)).delete()
