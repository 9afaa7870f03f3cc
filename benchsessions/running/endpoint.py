"""Asking a RAG endpoint over HTTP: one question a call, or a list of them."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from agents import outbound
from agents.exceptions import AgentError
from agents.kinds import OutboundRequest
from agents.kinds.http import spellings_of
from agents.replies import Reply
from benchsessions.answers import places_of, take_apart
from benchsessions.running.asking import Busy, Misaligned, Plan, failed, milliseconds
from benchsessions.running.books import Question
from benchsessions.running.endings import UNAUTHORIZED, UNSENDABLE, RunOver
from benchsessions.running.replies import beginning, read_reply, whole_body
from benchsessions.running.storing import Landed
from benchsessions.targets import PLACEHOLDER

CONNECT_SECONDS: Final = 5.0
ANSWER_BYTES: Final = 8 * 2**20
LIST_BYTES: Final = 64 * 2**20
BUSY: Final = (429, 503)
SHORTEST_SECRET: Final = 8
# Of these headers it is known that they carry no secret.
HARMLESS: Final = frozenset({"accept", "accept-language", "content-type", "user-agent"})
# What was seen says where the endpoint is, which not everybody in the team needs to know.
UNREACHABLE: Final = "The service cannot be reached."
UNREACHED: Final = ("agent_unreachable", "agent_blocked_address")


class Endpoint:
    """A RAG endpoint as one run asks it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    async def ask(self, questions: Sequence[Question]) -> list[Landed]:
        """Send one call and return what came for each question; the time is ours where the service says none."""
        plan, began = self._plan, monotonic()
        most_bytes = LIST_BYTES if plan.is_list else ANSWER_BYTES

        def fault(kind: str, message: str) -> list[Landed]:
            return failed(questions, kind, message, secrets=plan.secrets, elapsed_ms=milliseconds(began))

        try:
            async with asyncio.timeout(plan.seconds), self._posted(questions) as reply:
                if not 200 <= reply.status < 300:
                    return await self._refused(reply, questions, began)
                body = await whole_body(reply, most_bytes)
            value, replaced = await asyncio.to_thread(read_reply, body, plan.secrets, most_bytes)
        except TimeoutError:
            return fault("timeout", f"No answer within {plan.seconds:g} s.")
        except AgentError as error:
            return fault("http", UNREACHABLE if error.code in UNREACHED else error.diagnosis)
        except ValueError as error:
            return fault("parse", str(error))
        if plan.is_list:
            return _laid(questions, value, replaced)
        return [Landed(questions[0].item_id, value, milliseconds(began), replaced)]

    def _posted(self, questions: Sequence[Question]) -> Any:
        plan = self._plan
        headers = {"Accept": "application/json", "X-Request-Id": str(questions[0].item_id), **plan.headers}
        request = OutboundRequest(plan.url, headers, body=json.dumps(self._content(questions)).encode())
        return outbound.post(request, connect_seconds=CONNECT_SECONDS, reached=lambda _moment: None)

    def _content(self, questions: Sequence[Question]) -> Any:
        """Return what is sent: the requests as they are, a single one with how it is to be asked."""
        plan = self._plan
        if plan.is_list:
            return [question.request for question in questions]
        [question] = questions
        request = question.request if isinstance(question.request, dict) else {"body": question.text}
        return {
            **request,
            "with_classify": plan.with_classify,
            "reset_session": not plan.in_order,
            "session_id": plan.dialogue_id if plan.in_order else str(uuid4()),
        }

    async def _refused(self, reply: Reply, questions: Sequence[Question], began: float) -> list[Landed]:
        """Return what is kept of an answer that is none; raise `RunOver` for a bad token, `Busy`."""
        if reply.status == 401:
            raise RunOver(UNAUTHORIZED)
        landed = failed(
            questions,
            "auth" if reply.status == 403 else "http",
            await beginning(reply) or f"The service answered {reply.status}.",
            secrets=self._plan.secrets,
            http_status=reply.status,
            elapsed_ms=milliseconds(began),
        )
        if reply.status in BUSY:
            raise Busy(_seconds_in(reply.headers.get("Retry-After", "")), landed)
        return landed


def headers_for(headers: Mapping[str, str], values: Mapping[str, Any], token: str) -> dict[str, str]:
    """Return a target's headers with the settings of who asks filled in, and their token.

    One that is empty then is left out. Raises `RunOver` for what no header can carry.
    """

    def setting(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else ""

    filled = {name: PLACEHOLDER.sub(setting, text) for name, text in headers.items()}
    if token:
        filled["Authorization"] = f"Bearer {token}"
    if not all(text.isascii() and text.isprintable() for text in filled.values()):
        raise RunOver(UNSENDABLE)
    return {name: text.strip() for name, text in filled.items() if text.strip()}


def secrets_in(headers: Mapping[str, str], token: str) -> list[str]:
    """Return the spellings of what is to be hidden: the token, and each longer word of it and of an admin's headers.

    A token may come with blanks around it, or with its scheme before it, and be repeated without.
    """
    texts = [PLACEHOLDER.sub(" ", text) for name, text in headers.items() if name.lower() not in HARMLESS]
    words = [word for text in (token, *texts) for word in text.split()]
    return spellings_of([token.strip(), *(word for word in words if len(word) >= SHORTEST_SECRET)])


def _laid(questions: Sequence[Question], value: Any, replaced: int) -> list[Landed]:
    """Lay a list of answers beside the questions sent; raise `Misaligned` where that cannot be done."""
    parts = take_apart(value)
    answers = parts[1] if parts else []
    places = places_of(answers, [question.text for question in questions]) if answers else None
    if places is None:
        raise Misaligned(value, replaced)
    laid = dict(zip(places, answers, strict=True))
    landed = [Landed(question.item_id, laid.get(place)) for place, question in enumerate(questions)]
    return [landed[0]._replace(replaced_characters=replaced), *landed[1:]]


def _seconds_in(retry_after: str) -> float | None:
    """Return how long a `Retry-After` says to wait, None if it says nothing that can be read."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:6])
    try:
        until = parsedate_to_datetime(retry_after).astimezone(UTC)
    except (ValueError, OverflowError):  # a last day of all that is beyond it here
        return None
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
