"""Forgetting visitors who matter no more, a bounded number at a time."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from sharing.models import Share

LOG_LENGTH: Final = 5_000  # of a link; its oldest entries go
WAITED_IN_VAIN: Final = timedelta(hours=1)
AT_ONCE: Final = 1_000


@transaction.atomic
def forget_visitors(share: Share) -> None:
    """Delete some of a link's people who matter no more: who waited in vain, and who is beyond what the log keeps.

    Each call deletes more than one address may add in the minute between two calls.
    """
    gone = share.participants.filter(lease_until__lt=timezone.now() - WAITED_IN_VAIN)
    in_vain = gone.filter(came_at=None).values_list("id", flat=True)[:AT_ONCE]
    oldest = gone.order_by("-lease_until").values_list("id", flat=True)[LOG_LENGTH : LOG_LENGTH + AT_ONCE]
    ids = {*in_vain, *oldest}
    if ids:
        share.participants.filter(id__in=ids).delete()
