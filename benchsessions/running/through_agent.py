"""Asking an agent of the team: each question is a call of it like any other, with its place in line and its quota."""

from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from django.db import transaction

from accounts.exceptions import TierRequired
from agents import relay
from agents.calls import call_of
from agents.exceptions import AgentPaused, QuotaExceeded
from agents.kinds import Call, Said
from agents.models import Run, RunPurpose, RunStatus
from agents.relay import AgentsBusyError, ledger
from agents.relay.driving import LiveRun
from benchsessions.answers import read_answer
from benchsessions.models import Item, ItemStatus
from benchsessions.running.asking import Busy, Plan, failed, milliseconds
from benchsessions.running.books import Question
from benchsessions.running.endings import NO_TARGET, NO_TIER, QUOTA, UNREADABLE, RunOver
from benchsessions.running.loading import check
from benchsessions.running.patience import in_books
from benchsessions.running.storing import Landed
from tenants.secrets import UnreadableSecret

# How many of the earlier questions an agent is told where questions are asked in order.
REMEMBERED: Final = 50
CITATION: Final = "citation"


class ThroughAgent:
    """An agent as one run asks it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._their_conversation_id = ""  # what the agent's side calls the dialogue, as long as this process asks

    async def ask(self, questions: Sequence[Question]) -> list[Landed]:
        """Call the agent for one question; the answer is its text with the sources it told of."""
        plan, began = self._plan, monotonic()
        try:
            relay.check_room()
            live = await relay.carry_out(in_books(plan.owned, self._book, questions[0]))
        except (AgentPaused, AgentsBusyError) as error:
            seconds = float(error.headers.get("Retry-After", "0")) or None
            raise Busy(seconds, failed(questions, "rag", error.sentence)) from None
        except QuotaExceeded:
            raise RunOver(QUOTA) from None
        except TierRequired:
            raise RunOver(NO_TIER) from None
        if plan.in_order:
            self._their_conversation_id = live.outcome.conversation_id or self._their_conversation_id
        ending = live.transcript.ending
        if ending is not None and ending.status == RunStatus.COMPLETE:
            return [Landed(questions[0].item_id, _answer(live), milliseconds(began))]
        return self._failure(questions, live, began)

    def _book(self, question: Question) -> tuple[Run, Call]:
        """Book the call and return it; raise what keeps the person from making it."""
        plan = self._plan
        target, user = check(plan.owned)  # anew: their tier may be another by now
        agent = target.agent
        if agent is None:
            raise RunOver(NO_TARGET)
        said = [*(_said_before(plan, question) if plan.in_order else ()), Said("user", question.text)]
        size = sum(len(each.content) for each in said)
        try:
            with transaction.atomic():
                run, _ = ledger.book_run(agent=agent, user=user, purpose=RunPurpose.BENCH, chars_in=size)
                return run, call_of(
                    agent,
                    said,
                    user=str(user),
                    conversation_id=plan.dialogue_id if plan.in_order else str(run.id),
                    message_id=str(run.id),
                    their_conversation_id=self._their_conversation_id,
                )
        except UnreadableSecret:
            raise RunOver(UNREADABLE) from None

    def _failure(self, questions: Sequence[Question], live: LiveRun, began: float) -> list[Landed]:
        ending = live.transcript.ending
        code, sentence = (ending.error_code, ending.sentence) if ending is not None else ("", "")
        landed = failed(
            questions,
            "timeout" if code == "AGENT_TIMEOUT" else "rag",
            sentence or "The agent gave no answer.",
            http_status=live.outcome.http_status,
            elapsed_ms=milliseconds(began),
        )
        if code in ("AGENT_BUSY", "AGENT_PAUSED"):
            raise Busy(None, landed)
        return landed


def _answer(live: LiveRun) -> dict[str, Any]:
    sources = [
        {"title": notice.get("title", ""), "url": notice.get("url", "")}
        for notice in live.transcript.notices.kept()
        if notice["kind"] == CITATION
    ]
    return {"body": live.transcript.text} | ({"sources": sources} if sources else {})


def _said_before(plan: Plan, question: Question) -> list[Said]:
    """Return the questions before this one that have an answer, with it, the oldest first."""
    earlier = Item.objects.filter(session=plan.owned.session_id, index__lt=question.index, status=ItemStatus.OK)
    rows = list(earlier.order_by("-index").values_list("question", "answer")[:REMEMBERED])
    said = []
    for asked, answer in reversed(rows):
        said += [Said("user", asked), Said("assistant", read_answer(answer).text)]
    return said
