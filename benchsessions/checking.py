"""Trying a token: one short question to the service, whose answer is thrown away."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _

from accounts import limits
from agents import outbound, relay
from agents.exceptions import AgentError
from agents.kinds import OutboundRequest
from benchsessions.environments import settings_of
from benchsessions.models import Analyst, Target
from benchsessions.running.endings import RunOver
from benchsessions.running.endpoint import CONNECT_SECONDS, headers_for
from benchsessions.targets import headers_of, target_of
from tenants.database import give_back_connections

QUESTION: Final = "Проверка связи"
SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Check:
    """What a try showed, in words for whoever asked."""

    sentence: str
    is_good: bool = False


def check_token(*, by: Analyst, environment: str) -> Check:
    """Ask an environment one short question as `by` does, and say what came; raise `TooManyRequests`.

    No database connection is held meanwhile.
    """
    target = target_of(environment)
    if target is None:
        return Check(_("Nobody has said yet where this environment is. Ask an admin of your team."))
    if target.agent_id is not None:
        return Check(_("An agent of your team answers here, which needs no token of yours."), is_good=True)
    values, token = settings_of(by, environment)
    if not token:
        return Check(_("You have no token stored for it."))
    limits.count_bench_check(user_id=by.user_id or by.id)
    try:
        request = _request(target, values, token)
    except RunOver as refusal:  # no header can carry it
        return Check(_(refusal.ending.sentence))
    give_back_connections(lasting=True)
    began = monotonic()
    status = relay.run_to_end(_status_of(request))
    return _said(status, monotonic() - began)


def _request(target: Target, values: Mapping[str, Any], token: str) -> OutboundRequest:
    """Return one question, asked in whichever mode the service takes it."""
    question = {"body": QUESTION, "with_docs": False}
    url = target.backend_url or target.bench_url
    sent: Any = {**question, "with_classify": False, "reset_session": True} if target.backend_url else [question]
    body = json.dumps(sent, ensure_ascii=False).encode()
    return OutboundRequest(url, headers_for(headers_of(target), values, token), body=body)


async def _status_of(request: OutboundRequest) -> int | None:
    """Return the status of the answer, 0 if none came in time, None if the service cannot be reached."""
    try:
        async with asyncio.timeout(SECONDS):
            async with outbound.post(request, connect_seconds=CONNECT_SECONDS, reached=lambda moment: None) as reply:
                return reply.status
    except TimeoutError:
        return 0
    except AgentError:
        return None


def _said(status: int | None, seconds: float) -> Check:
    words = {"status": status, "seconds": floatformat(seconds, 1)}
    match status:
        case None:
            return Check(_("The service cannot be reached (%(seconds)s s).") % words)
        case 0:
            sentence = _("No answer came within %(seconds)s s. A service that refuses a token mostly says so at once.")
            return Check(sentence % words)
        case 401:
            return Check(_("The service does not accept the token: it answered 401 (%(seconds)s s).") % words)
        case 403:
            sentence = _("The service knows the token and does not allow this: it answered 403 (%(seconds)s s).")
            return Check(sentence % words)
        case _ if 200 <= status < 300:
            return Check(_("The service accepts the token (%(seconds)s s).") % words, is_good=True)
        case _:
            sentence = _("The service answered %(status)s, which says nothing of the token (%(seconds)s s).")
            return Check(sentence % words)
