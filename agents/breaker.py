"""The circuit breaker: an agent that failed many times in a row is left alone for a while, then tried once.

Its state is in the agent's row, for all processes. Whoever makes the trial begins the pause anew, and only a good end
takes it away: a trial whose process dies costs one more pause, and at most one call in a pause reaches the agent.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from agents.exceptions import AgentError, AgentPaused, NotAdmitted
from agents.models import Agent, Run, RunPurpose

logger = logging.getLogger(__name__)
LONGEST_PAUSE: Final = timedelta(minutes=10)
# These say something of one question or of our own rules, nothing of the agent's health.
NO_FAULT: Final = frozenset({"agent_rejected", "agent_too_large", "agent_blocked_address"})
# What may have been the cause: once it is changed, the agent is called again.
CAUSES: Final = frozenset(
    {"kind", "webhook_url", "auth_kind", "auth_name", "webhook_token", "user_agent", "config", "limits"}
)


class Health(Enum):
    """What the end of a call says of its agent."""

    UNKNOWN = "unknown"
    WELL = "well"
    UNWELL = "unwell"


def verdict(error: AgentError) -> Health:
    """Tell what a failed call says of its agent."""
    says_nothing = isinstance(error, NotAdmitted) or error.code in NO_FAULT
    return Health.UNKNOWN if says_nothing else Health.UNWELL


def paused_at(until: datetime | None, moment: datetime) -> bool:
    """Tell whether a pause until then lasts at a moment; none does where the breaker is switched off."""
    return bool(settings.AGENT_BREAKER_FAILURES) and until is not None and until > moment


def obstacle_of(agent: Agent) -> str:
    """Return why nobody may call an agent at the moment, or nothing."""
    until = agent.paused_until
    if until is None or not paused_at(until, timezone.now()):
        return ""
    return AgentPaused(agent.failures, until).sentence


def let_through(agent: Agent) -> bool:
    """Make sure that an agent may be called; tell whether this call is the trial after a pause.

    Raises `AgentPaused`. Call it in the transaction that books the run. An agent that is well costs no query.
    """
    if not settings.AGENT_BREAKER_FAILURES or agent.paused_until is None:
        return False
    now = timezone.now()
    until = now + _pause(agent.failures)
    if agent.paused_until > now:
        raise AgentPaused(agent.failures, agent.paused_until)
    if Agent.objects.filter(pk=agent.pk, paused_until__lte=now).update(paused_until=until):
        return True
    agent.refresh_from_db(fields=["failures", "paused_until"])  # somebody else's trial came first
    if agent.paused_until is None:
        return False
    raise AgentPaused(agent.failures, agent.paused_until)


def learn(run_id: UUID, health: Health, *, is_trial: bool) -> None:
    """Count a failure, or forget those before; a test of its owner can only do good.

    Call it in the transaction that books the end of the run.
    """
    run = Run.objects.filter(id=run_id)
    if health == Health.WELL:
        healed = Agent.objects.filter(pk__in=run.values("agent_id"), failures__gt=0)
        healed.update(failures=0, paused_until=None)
    elif health == Health.UNWELL:
        _count(Agent.objects.filter(pk__in=run.exclude(purpose=RunPurpose.TEST).values("agent_id")), is_trial=is_trial)
    elif is_trial:  # it was stopped, say, and has shown nothing: the next call may try
        undecided = Agent.objects.filter(pk__in=run.values("agent_id"), paused_until__isnull=False)
        undecided.update(paused_until=timezone.now())


def forgive(agent: Agent, *, changed: Collection[str]) -> None:
    """Forget the failures of an agent about to be saved, if what changed may have been their cause."""
    if CAUSES.intersection(changed):
        agent.failures, agent.paused_until = 0, None


def _count(agents: QuerySet[Agent], *, is_trial: bool) -> None:
    """Count one failure; calls that were on their way when the pause began do not make it longer."""
    most = settings.AGENT_BREAKER_FAILURES
    may_count = agents.filter(paused_until__isnull=False) if is_trial else agents.filter(paused_until=None)
    if not most or not may_count.update(failures=F("failures") + 1):
        return
    for agent_id, failures in agents.filter(failures__gte=most).values_list("id", "failures"):
        pause = _pause(failures)
        agents.update(paused_until=timezone.now() + pause)
        logger.warning("Agent %s failed %d times in a row and is left alone for %s.", agent_id, failures, pause)


def _pause(failures: int) -> timedelta:
    """Return how long an agent is left alone: each failed trial doubles it."""
    doublings = min(max(0, failures - settings.AGENT_BREAKER_FAILURES), 20)
    return min(timedelta(seconds=settings.AGENT_BREAKER_PAUSE_SECONDS * 2**doublings), LONGEST_PAUSE)
