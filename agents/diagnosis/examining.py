"""Carry out a test of an agent: one call through the same caller as every other, booked like every other.

It waits in no line and asks no breaker: who repairs an agent wants to know how it stands now.
"""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import limits
from accounts.models import User
from agents import relay
from agents.breaker import Health
from agents.caller import Outcome, call_agent
from agents.calls import call_of
from agents.diagnosis.report import Report
from agents.diagnosis.steps import Course
from agents.exceptions import AgentError
from agents.kinds import Call, Said
from agents.kinds.http import masked, masked_beginning
from agents.models import Agent, AgentKind, Run, RunPurpose, RunStatus
from agents.relay import ledger
from agents.relay.ledger import Closing
from agents.relay.transcript import Ending
from agents.wire import Replace, Text
from tenants.database import give_back_connections, in_database
from tenants.exceptions import NotFound
from tenants.scope import tenant_scope
from tenants.secrets import UnreadableSecret

logger = logging.getLogger(__name__)
HELLO: Final = "Say hello in one short sentence."
LONGEST_QUESTION: Final = 2000
SECONDS: Final = 60.0
PREVIEW_CHARS: Final = 300


@dataclass
class Examination:
    """A test that is booked; `url` is empty where no network is asked, `call` is None if the secret is unreadable."""

    run: Run
    url: str
    call: Call | None
    outcome: Outcome = field(default_factory=Outcome)
    pieces: list[str] = field(default_factory=list)
    first_text_at: datetime | None = None


def examine(agent: Agent, *, by: User, question: str = HELLO) -> Report:
    """Test an agent and wait for the report, about `SECONDS` at most. Raises `TooManyRequests`, `NotFound`.

    No database connection is held meanwhile.
    """
    test = _book(agent, by, question)
    give_back_connections(lasting=True)
    preview = relay.run_to_end(_carry_out(test))
    with tenant_scope(agent.team_id):
        test.run.refresh_from_db()
    return Report.of(test.run, agent, preview=preview)


def begin(agent: Agent, *, by: User, question: str = HELLO) -> Run:
    """Begin to test an agent, whoever asked may leave; `find_report` tells how it goes.

    Raises `TooManyRequests`, and `NotFound` if the agent was deleted just now.
    """
    test = _book(agent, by, question)
    relay.start(_carry_out(test))
    return test.run


def _book(agent: Agent, by: User, question: str) -> Examination:
    """Book a test in the agent's team; an operator is no person of it.

    Nobody renews its lease: it is believed alive as long as it may take.
    """
    limits.count_agent_test(user_id=by.id)
    try:
        with tenant_scope(agent.team_id), transaction.atomic():
            user = by if by.team_id == agent.team_id else None
            run, _ = ledger.book_run(agent=agent, user=user, purpose=RunPurpose.TEST, chars_in=len(question))
            run.lease_until = ledger.lease_end() + timedelta(seconds=SECONDS)
            run.save(update_fields=["lease_until"])
    except IntegrityError:  # the agent was deleted just now
        raise NotFound() from None
    try:
        said = [Said("user", question)]
        call = call_of(agent, said, user=str(by), conversation_id=str(run.id), message_id=str(run.id))
    except UnreadableSecret:
        logger.exception("The token of agent %s cannot be read.", agent.id)
        call = None
    return Examination(run, "" if agent.kind == AgentKind.DEMO else agent.webhook_url, call)


async def _carry_out(test: Examination) -> str:
    """Call the agent, book what was seen, return the beginning of its answer."""
    began, error, unfinished, interrupted = monotonic(), None, "", False
    try:
        async with asyncio.timeout(SECONDS):
            await _listen(test)
    except TimeoutError:
        if any(test.pieces):
            unfinished = f"Still running after {SECONDS:g} s, with text flowing: a test waits no longer."
        else:
            error = AgentError("agent_timeout", f"Nothing came for {SECONDS:g} s, which is as long as a test waits.")
    except asyncio.CancelledError:  # the server ends, which says nothing of the agent
        unfinished, interrupted = "Parley was restarted meanwhile.", True
    except AgentError as failure:
        error = failure
    except Exception:
        logger.exception("The test %s failed in a way nobody foresaw.", test.run.id)
        error = AgentError("agent_failed", "Parley itself failed; the operator's log says where.")
    text = "".join(test.pieces)
    course = Course(test.url, test.outcome, began, monotonic(), len(text), error, unfinished)
    closing = _closing(test, course, text)
    if interrupted:
        closing.ending, closing.health = ledger.INTERRUPTED, Health.UNKNOWN
    await in_database(ledger.close_run, closing)
    return _shown(test, masked_beginning(text, test.call, PREVIEW_CHARS)) if test.call else ""


async def _listen(test: Examination) -> None:
    if test.call is None:
        raise AgentError("agent_auth", "The stored secret cannot be read: the key that sealed it is gone.")
    async with aclosing(call_agent(test.call, test.outcome)) as events:
        async for event in events:
            match event:
                case Text():
                    test.pieces.append(event.text)
                case Replace():
                    test.pieces = [event.text]
                case _:
                    continue
            test.first_text_at = test.first_text_at or timezone.now()


def _closing(test: Examination, course: Course, text: str) -> Closing:
    error, outcome = course.error, test.outcome
    ending = Ending(RunStatus.STOPPED if course.unfinished else RunStatus.COMPLETE)
    if error:
        ending = Ending(RunStatus.FAILED, error.public_code, error.sentence)
        outcome.http_status = error.http_status or outcome.http_status
    return Closing(
        run_id=test.run.id,
        team_id=test.run.team_id,
        text=text,
        revision=0,
        ending=ending,
        diagnosis=_shown(test, f"{error.code}: {error.diagnosis}") if error else "",
        first_text_at=test.first_text_at,
        outcome=outcome,
        health=Health.WELL if error is None else Health.UNKNOWN,
        steps=[{**asdict(step), "detail": _shown(test, step.detail)} for step in course.steps()],
    )


def _shown(test: Examination, text: str) -> str:
    """Return words of the agent as they may be kept and shown: without the secret, and as a database takes them."""
    text = text.replace("\0", " ").encode(errors="replace").decode()
    return masked(text, test.call) if test.call else text
