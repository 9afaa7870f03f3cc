"""The books of a run: who asks, until when they are believed alive, what is left to ask. Plain database work."""

import logging
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from agents.relay.ledger import PROCESS, lease_end
from benchsessions.exceptions import SessionNotFound
from benchsessions.locking import lock_session
from benchsessions.models import BenchRun, BenchSession, Item, ItemStatus, RunState
from benchsessions.running.endings import DELETED, DONE, FAULT, STOPPED, UNASKED, Ending, LeaseLost, RunOver
from tenants.database import impatient_transaction
from tenants.managers import find
from tenants.scope import tenant_scope, unsafe_all_tenants

logger = logging.getLogger(__name__)
PURGED_AT_ONCE: Final = 20
MOST_CRASHES: Final = 5


@dataclass(frozen=True, slots=True)
class Owned:
    """A run as whoever asks its questions knows it; `owner` is theirs alone, another taking over has another."""

    run_id: UUID
    team_id: UUID
    session_id: UUID
    owner: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is due, as it is sent."""

    item_id: UUID
    index: int
    request: Any
    text: str


def new_owner() -> str:
    """Name somebody in this process who is about to ask the questions of a run."""
    return f"{PROCESS}-{secrets.token_hex(4)}"


def due_of(session_id: UUID) -> list[UUID]:
    """Return the items that are left to ask, in their order."""
    return list(Item.objects.filter(session=session_id, is_due=True).order_by("index").values_list("id", flat=True))


def begin(owned: Owned, item_ids: Collection[UUID]) -> list[Question]:
    """Note that questions are about to be asked, and return those that still are to be.

    Raises `RunOver` for one that shall stop or that ends each process that asks, `LeaseLost`.
    """
    with impatient_transaction():
        lock(owned)
        run = held(owned)
        if run.stop_requested_at is not None:
            raise RunOver(STOPPED)
        due = Item.objects.filter(session=owned.session_id, id__in=item_ids, is_due=True)
        rows = list(due.defer(None).only("index", "request", "question", "attempts"))
        if run.n_crashes >= MOST_CRASHES and any(row.attempts >= MOST_CRASHES for row in rows):
            logger.error("The bench run %s crashed %d times; its next questions are left.", run.id, run.n_crashes)
            raise RunOver(FAULT)
        due.update(attempts=F("attempts") + 1)
        run.save(update_fields=["lease_until"])
    return [Question(row.id, row.index, row.request, row.question) for row in rows]


def renew(owned: Owned) -> bool:
    """Show a sign of life; tell whether somebody asked to stop. Raises `LeaseLost`."""
    with impatient_transaction():
        run = held(owned)
        run.save(update_fields=["lease_until"])
    return run.stop_requested_at is not None


def finish(owned: Owned, ending: Ending) -> None:
    """Book the end of a run; one that others took over is theirs."""
    close(_rows(owned), owned.session_id, ending)


def close(runs: QuerySet[BenchRun], session_id: UUID, ending: Ending) -> int:
    """Book the end of a session's run, if it is among `runs`, by what is left to ask; return how many were."""
    items = Item.objects.filter(session=session_id)
    if ending is STOPPED and not items.filter(is_due=True).exists():
        ending = DONE
    if ending is DONE and items.filter(status=ItemStatus.PENDING).exists():
        ending = UNASKED
    return runs.update(
        state=ending.state,
        reason=ending.reason,
        sentence=ending.sentence,
        ended_at=timezone.now(),
        owner="",
        lease_until=None,
        stop_requested_at=None,
    )


def let_go(owned: Owned) -> None:
    """Leave a run to whoever looks next."""
    _rows(owned).update(owner="", lease_until=timezone.now())


def adopt(spared: Collection[UUID]) -> list[Owned]:
    """Take over the runs of dead processes, of whichever team, but the `spared`; of several takers one gets each."""
    with unsafe_all_tenants(reason="take over bench runs whose process died"):
        expired = BenchRun.objects.filter(state=RunState.RUNNING, lease_until__lt=timezone.now())
        taken = []
        seen = expired.exclude(id__in=spared).values_list("id", "team_id", "session_id", "owner", "lease_until")
        for run_id, team_id, session_id, owner, lease_until in seen:
            mine = Owned(run_id, team_id, session_id, new_owner())
            as_seen = expired.filter(id=run_id, owner=owner, lease_until=lease_until)
            crashed = 1 if owner else 0  # who ends in peace lets go
            if as_seen.update(owner=mine.owner, lease_until=lease_end(), n_crashes=F("n_crashes") + crashed):
                taken.append(mine)
    return taken


def purge_deleted() -> int:
    """Delete for good a few of the sessions deleted longer ago than they are kept; return how many."""
    limit = timezone.now() - timedelta(days=settings.BENCH_KEEP_DELETED_DAYS)
    with unsafe_all_tenants(reason="purge deleted bench sessions"):
        old = BenchSession.objects.filter(deleted_at__lt=limit)
        found = list(old.values_list("id", "team_id")[:PURGED_AT_ONCE])
    for session_id, team_id in found:
        with tenant_scope(team_id), transaction.atomic():
            still = BenchSession.objects.select_for_update().filter(deleted_at__lt=limit)
            if session := find(still, id=session_id):
                session.delete()
    return len(found)


def _rows(owned: Owned) -> QuerySet[BenchRun]:
    return BenchRun.objects.filter(id=owned.run_id, owner=owned.owner, state=RunState.RUNNING)


def lock(owned: Owned) -> BenchSession:
    try:
        return lock_session(owned.session_id)
    except SessionNotFound:
        raise RunOver(DELETED) from None


def held(owned: Owned) -> BenchRun:
    """Hold the run until the transaction ends, which keeps others from taking it over, with a new lease to save."""
    run = find(_rows(owned).select_for_update(no_key=True))
    if run is None:
        raise LeaseLost()
    run.lease_until = lease_end()
    return run
