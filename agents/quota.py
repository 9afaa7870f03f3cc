"""How much a person may ask of agents. The ledger of runs is the meter: what it counts is what is allowed.

A call is charged to its person from the moment it is booked until the books say that it failed and brought no text.
The hour slides: a call counts for sixty minutes. The month is the calendar's, in UTC.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from accounts.exceptions import TierRequired
from accounts.models import User
from agents.exceptions import QuotaExceeded
from agents.models import Run

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One limit of a person: how much of it is used, and when the next call is free."""

    name: str
    limit: int
    used: int
    resets_at: datetime

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def free_again(self) -> str:
        """When the next call is free, in words; a minute that has begun is over first."""
        if self.name == "month":
            return f"on {self.resets_at.day} {self.resets_at:%B}"
        return f"at {self.resets_at + MINUTE - timedelta.resolution:%H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stood at a moment: calls counted, and when the next one is free. A limit of None is no limit."""

    moment: datetime
    in_hour: int
    per_hour: int | None
    hour_resets_at: datetime
    in_month: int
    per_month: int | None
    month_resets_at: datetime

    @property
    def hour(self) -> Window | None:
        """The limit of the hour, if there is one."""
        return None if self.per_hour is None else Window("hour", self.per_hour, self.in_hour, self.hour_resets_at)

    @property
    def month(self) -> Window | None:
        """The limit of the month, if there is one."""
        return None if self.per_month is None else Window("month", self.per_month, self.in_month, self.month_resets_at)

    @property
    def left_in_hour(self) -> int | None:
        return None if self.hour is None else self.hour.left

    @property
    def left_in_month(self) -> int | None:
        return None if self.month is None else self.month.left

    @property
    def windows(self) -> list[Window]:
        """The limits there are."""
        return [window for window in (self.hour, self.month) if window is not None]

    @property
    def tightest(self) -> Window | None:
        """The limit with the fewest calls left; of two that are used up, the one that lasts longer."""
        return min(self.windows, key=lambda window: (window.left, self.moment - window.resets_at), default=None)

    @property
    def headers(self) -> dict[str, str]:
        """The `RateLimit-*` headers: the tightest limit, and in how many seconds its next call is free."""
        window = self.tightest
        if window is None:
            return {}
        seconds = ceil((window.resets_at - self.moment).total_seconds())
        return {
            "RateLimit-Limit": str(window.limit),
            "RateLimit-Remaining": str(window.left),
            "RateLimit-Reset": str(seconds),
        }

    def with_one_more(self) -> "Standing":
        """Return where the person stands once a call of this moment is booked."""
        resets_at = self.hour_resets_at if self.in_hour else self.moment + HOUR
        return replace(self, in_hour=self.in_hour + 1, in_month=self.in_month + 1, hour_resets_at=resets_at)


def reserve(user: User) -> Standing | None:
    """Make sure that a person may call an agent once more; return where they stand then, None if nothing limits them.

    Raises `TierRequired` or `QuotaExceeded`. Call it in the transaction that books the run: it holds the person's
    row, so that calls at the same moment are counted one after the other. A tier without limits costs nothing.
    """
    if user.tier.allows_nothing:
        raise TierRequired()
    if not user.tier.has_limits:
        return None
    list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))
    found = standing(user)  # not earlier: until the row was ours, others could still book
    window = found.tightest
    if window is not None and window.left == 0:
        raise QuotaExceeded(limit=window.limit, window=window.name, until=window.free_again, headers=found.headers)
    return found.with_one_more()


def obstacle_of(user: User) -> str:
    """Return why a person may call no agent at all, or nothing."""
    return TierRequired.sentence if user.tier.allows_nothing else ""


def standing(user: User) -> Standing:
    """Return where a person stands now."""
    tier, now = user.tier, timezone.now()
    month, hour = month_of(now), now - HOUR
    in_hour = Q(started_at__gt=hour)
    counted = (
        charged_runs(user)
        .filter(started_at__gte=min(month, hour))
        .aggregate(
            hour=Count("started_at", filter=in_hour),
            first=Min("started_at", filter=in_hour),
            month=Count("started_at", filter=Q(started_at__gte=month)),
        )
    )
    makes_room = counted["first"]
    surplus = counted["hour"] - tier.requests_per_hour if tier.requests_per_hour else 0
    if surplus > 0:  # the limit was lowered below what is used: more calls than the first have to be an hour old
        times = charged_runs(user).filter(in_hour).order_by("started_at").values_list("started_at", flat=True)
        makes_room = next(iter(times[surplus : surplus + 1]), makes_room)  # fewer, if one was given back just now
    return Standing(
        moment=now,
        in_hour=counted["hour"],
        per_hour=tier.requests_per_hour,
        hour_resets_at=makes_room + HOUR if makes_room else now,
        in_month=counted["month"],
        per_month=tier.runs_per_month,
        month_resets_at=month_of(month + timedelta(days=32)),
    )


def charged_runs(user: User) -> QuerySet[Run]:
    """Return the runs that count for a person."""
    return Run.objects.filter(user=user, charged=True)


def month_of(moment: datetime) -> datetime:
    """Return when the month of a moment, given in UTC, began."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
