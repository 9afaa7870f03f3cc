"""Atomic limits on signing in and on names used once, kept in the database so that every process counts together.

A window begins at its first try and every try counts, also a refused one. One statement counts a try and answers how
many there were, so tries at the same moment cannot slip through.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.addresses import Address, network
from accounts.models import RateWindow
from accounts.tokens import keyed_hash
from tenants.exceptions import TooManyRequests

ADDRESS_SECONDS: Final = 60
ACCOUNT_SECONDS: Final = 15 * 60
HOUR: Final = 60 * 60
DAY: Final = 24 * HOUR
STALE: Final = timedelta(seconds=HOUR)  # the longest window, but for the names of forms
FORM: Final = "form:"
INVITATION_MAILS_PER_TEAM: Final = 100
RESETS_PER_ADDRESS: Final = 20
RESETS_PER_ACCOUNT: Final = 5
AGENT_TESTS_PER_PERSON: Final = 30
BENCH_CHECKS_PER_PERSON: Final = 10
SHARE_TRIES_PER_VISITOR: Final = 60
# A row at rest, at zero or before the window, begins a new window.
COUNT: Final = """
INSERT INTO accounts_ratewindow AS kept (id, key, started_at, count) VALUES (%s, %s, %s, 1)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN kept.started_at <= %s OR kept.count = 0 THEN 1 ELSE kept.count + 1 END,
    started_at = CASE WHEN kept.started_at <= %s OR kept.count = 0 THEN excluded.started_at ELSE kept.started_at END
RETURNING id, key, started_at, count
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that counts as failed until it is forgiven."""

    window: RateWindow

    @property
    def is_first(self) -> bool:
        """Tell whether it was the first of its window."""
        return self.window.count == 1

    def forgive(self) -> None:
        """Take the try back: it was no failure."""
        window = RateWindow.objects.filter(key=self.window.key, started_at=self.window.started_at, count__gt=0)
        window.update(count=F("count") - 1)


def count_sign_in(*, address: Address | None) -> None:
    """Count a sign-in from an address; raise `TooManyRequests` beyond the limit."""
    _count(f"address:{network(address)}", tries=settings.LOGIN_RATE_PER_MINUTE, seconds=ADDRESS_SECONDS)


def begin_attempt(*, email: str) -> Attempt:
    """Count a try on an account before it is made; raise `TooManyRequests` when the account is locked.

    Counted first and forgiven after a success, because tries at the same moment would all pass a check that comes
    before the count. The account is the e-mail, whichever team is meant and whether or not there is one.
    """
    key = f"account:{keyed_hash('sign-in', email)}"
    return Attempt(_count(key, tries=settings.LOGIN_FAILURES_PER_ACCOUNT, seconds=ACCOUNT_SECONDS))


def is_first(name: str, *, seconds: int) -> bool:
    """Tell whether nobody used a name for so many seconds, and use it."""
    try:
        _count(name, tries=1, seconds=seconds)
    except TooManyRequests:
        return False
    return True


def is_first_sending(once: str) -> bool:
    """Tell whether a form with this name was not sent before, for a day."""
    return is_first(f"{FORM}{once}", seconds=DAY)


def count_registration(*, address: Address | None) -> None:
    """Count a registration from an address; raise `TooManyRequests` beyond the limit."""
    _count(f"register:{network(address)}", tries=settings.REGISTER_RATE_PER_HOUR, seconds=HOUR)


def count_invitation_mail(*, team_id: UUID) -> None:
    """Count a mail that a team has sent to somebody of its choice; raise `TooManyRequests` beyond the limit."""
    _count(f"invite:{team_id}", tries=INVITATION_MAILS_PER_TEAM, seconds=HOUR)


def count_reset(*, email: str, address: Address | None) -> None:
    """Count a wish for a link to reset a password, for an address and for an account, whether or not there is one."""
    _count(f"reset:{network(address)}", tries=RESETS_PER_ADDRESS, seconds=HOUR)
    _count(f"reset:{keyed_hash('reset', email)}", tries=RESETS_PER_ACCOUNT, seconds=HOUR)


def count_agent_test(*, user_id: UUID) -> None:
    """Count a test of an agent, which calls it and costs nothing; raise `TooManyRequests` beyond the limit."""
    _count(f"agent-test:{user_id}", tries=AGENT_TESTS_PER_PERSON, seconds=ADDRESS_SECONDS)


def count_bench_check(*, user_id: UUID) -> None:
    """Count a try of a token at the bench, which asks a service something; raise `TooManyRequests` beyond the limit."""
    _count(f"bench-check:{user_id}", tries=BENCH_CHECKS_PER_PERSON, seconds=ADDRESS_SECONDS)


def count_share_join(*, address: Address | None) -> Attempt:
    """Count somebody new at a share link, from an address; raise `TooManyRequests` beyond the limit.

    A whole class may sit behind one address; the limit is there so that a loop cannot fill the table.
    """
    return Attempt(
        _count(f"share-join:{network(address)}", tries=settings.SHARE_JOINS_PER_MINUTE, seconds=ADDRESS_SECONDS)
    )


def count_share_message(*, share_id: UUID, participant_id: UUID) -> tuple[Attempt, Attempt]:
    """Count a message of a visitor, for them and for their room; raise `TooManyRequests` beyond a limit.

    What was counted can be forgiven, should the message be refused for another reason.
    """
    visitor, room = f"share-visitor:{participant_id}", f"share-room:{share_id}"
    theirs = Attempt(_count(visitor, tries=settings.SHARE_MESSAGES_PER_VISITOR, seconds=ADDRESS_SECONDS))
    try:
        return theirs, Attempt(_count(room, tries=settings.SHARE_MESSAGES_PER_ROOM, seconds=ADDRESS_SECONDS))
    except TooManyRequests:
        theirs.forgive()
        raise


def count_share_try(*, participant_id: UUID) -> None:
    """Count a try of a visitor to say something, sent or refused; raise `TooManyRequests` beyond the limit."""
    _count(f"share-try:{participant_id}", tries=SHARE_TRIES_PER_VISITOR, seconds=ADDRESS_SECONDS)


def count_share_password(*, share_id: UUID, address: Address | None) -> Attempt:
    """Count a try at the password of a link, from an address; raise `TooManyRequests` beyond the limit."""
    key = f"share-password:{keyed_hash('share-password', f'{share_id}:{network(address)}')}"
    what = "Too many tries at this password from your network"
    return Attempt(_count(key, tries=settings.LOGIN_FAILURES_PER_ACCOUNT, seconds=ACCOUNT_SECONDS, what=what))


def count_share_miss(*, address: Address | None) -> None:
    """Count a try of an unknown link from an address; raise `TooManyRequests` beyond the limit."""
    _count(f"share-miss:{network(address)}", tries=settings.SHARE_MISSES_PER_MINUTE, seconds=ADDRESS_SECONDS)


def _count(key: str, *, tries: int, seconds: int, what: str = "Too many tries") -> RateWindow:
    now = timezone.now()
    expired = now - timedelta(seconds=seconds)
    # Durable: inside a transaction that fails the count would be undone, so being inside one is refused.
    with transaction.atomic(durable=True):
        window = RateWindow.objects.raw(COUNT, [uuid4().hex, key, now, expired, expired])[0]
    if window.count == 1:
        _forget_stale()
    if window.count > tries:
        wait = window.started_at + timedelta(seconds=seconds) - now
        raise TooManyRequests(what=what, retry_after=ceil(wait.total_seconds()))
    return window


@transaction.atomic
def _forget_stale() -> None:
    """Delete some windows that no longer count; addresses are many, and nobody else would clean up."""
    now = timezone.now()
    sent_lately = Q(key__startswith=FORM, started_at__gte=now - timedelta(seconds=DAY))
    stale = RateWindow.objects.filter(~sent_lately, started_at__lt=now - STALE)
    keys = stale.select_for_update(skip_locked=True).values_list("pk", flat=True)[:100]
    RateWindow.objects.filter(pk__in=list(keys)).delete()
