"""How much a person may ask of agents. The ledger of runs is the meter: what it counts is what is allowed.

A call is charged to its person from the moment it is booked. The hour slides: a call counts for sixty minutes. The
month is the calendar's, in UTC.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.exceptions import TierRequired
from accounts.models import Tier, User
from agents.exceptions import QuotaExceeded
from agents.models import Run

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands: calls counted, and when the next one is free. A limit of None is no limit."""

    in_hour: int
    per_hour: int | None
    hour_resets_at: datetime
    in_month: int
    per_month: int | None
    month_resets_at: datetime

    @property
    def left_in_hour(self) -> int | None:
        return None if self.per_hour is None else max(0, self.per_hour - self.in_hour)

    @property
    def left_in_month(self) -> int | None:
        return None if self.per_month is None else max(0, self.per_month - self.in_month)


def reserve(user: User) -> None:
    """Make sure that a person may call an agent once more; raise `TierRequired` or `QuotaExceeded` if not.

    Call it in the transaction that books the run: it holds the person's row, so that calls at the same moment are
    counted one after the other. A tier without limits costs nothing.
    """
    tier = user.tier
    if tier.allows_nothing:
        raise TierRequired()
    if tier.requests_per_hour is None and tier.runs_per_month is None:
        return
    list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))
    now = timezone.now()
    standing = _standing(user, tier, now)
    if standing.left_in_month == 0:
        raise _exceeded(tier.runs_per_month, "month", standing.month_resets_at, now)
    if standing.left_in_hour == 0:
        raise _exceeded(tier.requests_per_hour, "hour", standing.hour_resets_at, now)


def standing(user: User) -> Standing:
    """Return where a person stands now."""
    return _standing(user, user.tier, timezone.now())


def charged_runs(user: User) -> QuerySet[Run]:
    """Return the runs that count for a person."""
    return Run.objects.filter(user=user, charged=True)


def month_of(moment: datetime) -> datetime:
    """Return when the month of a moment began."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _standing(user: User, tier: Tier, now: datetime) -> Standing:
    month = month_of(now)
    in_last_hour = Q(started_at__gt=now - HOUR)
    counted = (
        charged_runs(user)
        .filter(started_at__gt=min(month, now - HOUR))
        .aggregate(hour=Count("pk", filter=in_last_hour), month=Count("pk", filter=Q(started_at__gte=month)))
    )
    resets_at = now
    if counted["hour"]:
        # The call that makes room: the oldest, or with a limit that was lowered, one further on.
        surplus = max(0, counted["hour"] - (tier.requests_per_hour or counted["hour"]))
        oldest = charged_runs(user).filter(in_last_hour).order_by("started_at").values_list("started_at", flat=True)
        resets_at = oldest[surplus] + HOUR
    return Standing(
        in_hour=counted["hour"],
        per_hour=tier.requests_per_hour,
        hour_resets_at=resets_at,
        in_month=counted["month"],
        per_month=tier.runs_per_month,
        month_resets_at=month_of(month + timedelta(days=32)),
    )


def _exceeded(limit: int | None, window: str, resets_at: datetime, now: datetime) -> QuotaExceeded:
    seconds = max(1, ceil((resets_at - now).total_seconds()))
    return QuotaExceeded(limit=limit or 0, window=window, resets_at=resets_at, retry_after=seconds)
