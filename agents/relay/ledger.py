"""The books of the runs: who owns one, until when it is believed alive, how it ended. Plain database work."""

import logging
import os
import secrets
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from agents import breaker, quota
from agents.breaker import Health
from agents.caller import Outcome
from agents.events import RunSaved, run_saved
from agents.models import Agent, Run, RunPurpose, RunStatus
from agents.relay.line import must_line_up
from agents.relay.transcript import Ending
from tenants.database import impatient_transaction
from tenants.scope import tenant_scope, unsafe_all_tenants

logger = logging.getLogger(__name__)

# A call that ended like this and brought no text is not counted.
UNCHARGED_WITHOUT_TEXT: Final = frozenset({RunStatus.FAILED, RunStatus.INTERRUPTED})
PROCESS = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
INTERRUPTED = Ending(
    RunStatus.INTERRUPTED, "RUN_INTERRUPTED", "The answer was interrupted by a restart. What had come was kept."
)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is to be saved of a live run; `text` is None when it has not grown, `notices` when none changed."""

    run_id: UUID
    text: str | None
    revision: int
    first_text_at: datetime | None = None  # given once, with the first text
    notices: list[dict[str, Any]] | None = None
    is_trial: bool = False

    @property
    def is_empty(self) -> bool:
        return self.text is None and self.notices is None


@dataclass(slots=True)
class Closing:
    """All that is booked when a run ends."""

    run_id: UUID
    team_id: UUID
    text: str
    revision: int
    ending: Ending
    notices: list[dict[str, Any]] | None = None
    diagnosis: str = ""
    first_text_at: datetime | None = None
    outcome: Outcome = field(default_factory=Outcome)
    health: Health = Health.UNKNOWN  # what the end says of the agent
    is_trial: bool = False
    conversation_id: str | None = None  # as in `RunSaved`
    steps: list[dict[str, Any]] | None = None  # of a test


def lease_end() -> datetime:
    """Return until when a run that shows signs of life now is believed alive."""
    return timezone.now() + timedelta(seconds=settings.RUN_LEASE_SECONDS)


def book_run(
    *, agent: Agent, user: User | None, purpose: RunPurpose, chars_in: int
) -> tuple[Run, quota.Standing | None]:
    """Book a call that is about to be made, and say where that leaves its person, None if nothing limits them.

    `user` is who is charged; a test of an agent is not, and an operator's has no person of the team. Raises
    `TierRequired` or `QuotaExceeded` where their tier does not allow it, `AgentPaused` while the agent is left alone,
    which stops no test. Where a limit of calls at once may apply, the run is not admitted yet. Call it in the
    transaction that keeps the question.
    """
    now = timezone.now()
    charged = user is not None and purpose != RunPurpose.TEST
    standing = quota.reserve(user) if user is not None and charged else None
    is_trial = purpose != RunPurpose.TEST and breaker.let_through(agent)
    run = Run.objects.create(
        agent=agent,
        agent_name=agent.name,
        version_id=agent.version_id,
        user=user,
        purpose=purpose,
        charged=charged,
        owner=PROCESS,
        lease_until=lease_end(),
        started_at=now,
        admitted_at=None if must_line_up(agent, user, purpose) else now,
        chars_in=chars_in,
    )
    run.is_trial = is_trial
    return run, standing


def renew_leases(run_ids: Collection[UUID]) -> set[UUID]:
    """Renew the leases of live runs of this process, of whichever team; return those asked to stop.

    It waits for nobody: a row that somebody else holds is left out until the next time.
    """
    with unsafe_all_tenants(reason="renew the leases of the runs of this process"), transaction.atomic():
        live = Run.objects.filter(id__in=run_ids, status=RunStatus.RUNNING, owner=PROCESS)
        free = live.select_for_update(skip_locked=True, no_key=True)
        stops = dict(free.values_list("id", "stop_requested_at"))
        Run.objects.filter(id__in=list(stops)).update(lease_until=lease_end())
    return {run_id for run_id, requested_at in stops.items() if requested_at is not None}


def save_progress(team_id: UUID, progress: Sequence[Progress]) -> set[UUID]:
    """Save what has grown of live runs of one team; return those saved, without those that somebody else holds."""
    with tenant_scope(team_id), impatient_transaction():
        live = Run.objects.filter(id__in=[row.run_id for row in progress], status=RunStatus.RUNNING, owner=PROCESS)
        # The lock keeps the end of a run, booked at the same moment, from being overwritten with an older text.
        free = set(live.select_for_update(skip_locked=True, no_key=True).values_list("id", flat=True))
        begun = [row for row in progress if row.run_id in free and row.first_text_at is not None]
        for row in begun:
            Run.objects.filter(id=row.run_id).update(first_text_at=row.first_text_at)
        for row in progress:
            if row.run_id in free:
                _tell(RunSaved(row.run_id, team_id, row.text, row.revision, RunStatus.RUNNING, notices=row.notices))
    for row in begun:
        if row.is_trial:  # the agent answers again: nobody else need wait for the end of a long answer
            with tenant_scope(team_id), impatient_transaction():
                breaker.learn(row.run_id, Health.WELL, is_trial=True)
    return free


def close_run(closing: Closing) -> None:
    """Book the end of a run together with its whole text, in one transaction.

    A run of ours that others took for dead is closed all the same: its text came, so it is kept.
    """
    ending, outcome = closing.ending, closing.outcome
    with tenant_scope(closing.team_id), impatient_transaction():
        Run.objects.filter(
            id=closing.run_id, owner=PROCESS, status__in=[RunStatus.RUNNING, RunStatus.INTERRUPTED]
        ).update(
            status=ending.status,
            ended_at=timezone.now(),
            first_text_at=closing.first_text_at,
            chars_out=len(closing.text),
            bytes_in=outcome.received,
            prompt_tokens=outcome.prompt_tokens,
            completion_tokens=outcome.completion_tokens,
            http_status=outcome.http_status,
            wire_format=outcome.format,
            error_code=ending.error_code,
            diagnosis=closing.diagnosis,
            steps=closing.steps,
            charged=F("charged") if closing.text or ending.status not in UNCHARGED_WITHOUT_TEXT else False,
        )
        _tell(
            RunSaved(
                closing.run_id,
                closing.team_id,
                closing.text,
                closing.revision,
                ending.status,
                ending.error_code,
                notices=closing.notices,
                conversation_id=closing.conversation_id,
            )
        )
        breaker.learn(closing.run_id, closing.health, is_trial=closing.is_trial)


def sweep_expired(spared: Collection[UUID] = ()) -> int:
    """Mark the runs of dead processes as interrupted, any process's but the `spared`; return how many.

    A process that was killed can no longer say what it had sent on. A run is charged if some of its text was saved.
    """
    now = timezone.now()
    with unsafe_all_tenants(reason="sweep runs whose process died"):
        expired = Run.objects.filter(status=RunStatus.RUNNING, lease_until__lt=now).exclude(id__in=spared)
        found = list(expired.values_list("id", "team_id"))
    return sum(_interrupt(run_id, team_id, now) for run_id, team_id in found)


def _interrupt(run_id: UUID, team_id: UUID, now: datetime) -> int:
    """Interrupt one run; one whose rows others hold waits for the next sweep."""
    try:
        with tenant_scope(team_id), impatient_transaction():
            taken = Run.objects.filter(id=run_id, status=RunStatus.RUNNING, lease_until__lt=now).update(
                status=RunStatus.INTERRUPTED,
                ended_at=now,
                error_code=INTERRUPTED.error_code,
                charged=Q(charged=True, first_text_at__isnull=False),
            )
            if taken:
                _tell(RunSaved(run_id, team_id, None, 0, RunStatus.INTERRUPTED, INTERRUPTED.error_code))
    except DatabaseError:
        logger.exception("Run %s, whose process died, could not be marked as interrupted; trying again.", run_id)
        return 0
    return taken


def is_running(run_id: UUID) -> bool:
    """Tell whether a run of the team in scope still goes on, by the books."""
    return Run.objects.filter(id=run_id, status=RunStatus.RUNNING).exists()


def request_stop(run_id: UUID) -> str:
    """Note that a run of the team in scope shall stop; return its owner, empty if it has ended."""
    running = Run.objects.filter(id=run_id, status=RunStatus.RUNNING)
    running.update(stop_requested_at=timezone.now())
    return running.values_list("owner", flat=True).first() or ""


def _tell(event: RunSaved) -> None:
    run_saved.send(sender=Run, event=event)
