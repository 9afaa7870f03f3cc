"""An HTTP status that is no answer, and what it says about the agent."""

from collections.abc import Mapping
from typing import Any, Final

from agents.exceptions import AgentError
from agents.wire.document import error_message
from agents.wire.jsonseq import MISSING, parse

SHOWN: Final = 200

CODES: Final = {
    400: "agent_rejected",
    401: "agent_auth",
    403: "agent_auth",
    404: "agent_not_found",
    405: "agent_not_found",
    408: "agent_busy",
    410: "agent_not_found",
    413: "agent_rejected",
    415: "agent_rejected",
    422: "agent_rejected",
    428: "agent_auth",
    429: "agent_busy",
    502: "agent_timeout",
    503: "agent_busy",
    504: "agent_timeout",
    524: "agent_timeout",
}


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> AgentError:
    """Return the error for a response that is not 2xx (or has no body by its status), from the start of its body."""
    if status in (204, 205):
        return AgentError("agent_empty", f"The agent answered {status}, which has no text.", http_status=status)
    if 300 <= status < 400:
        target = headers.get("location", "")[:SHOWN]
        seen = f"The agent answered {status} and points to {target or 'no address'}; enter the final address instead."
        return AgentError("agent_redirect", seen, http_status=status)
    return AgentError(*_diagnose(status, headers, body), http_status=status)


def _diagnose(status: int, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    words = _words(body)
    code = CODES.get(status, "agent_failed")
    seen = f"The agent answered {status}: {words}" if words else f"The agent answered {status}."
    if status == 404 and "is not registered" in words:
        return "agent_not_registered", words
    if code == "agent_timeout":
        return code, f"A gateway before the agent timed out ({status}); switch the workflow to streaming."
    if code == "agent_auth" and (asked := headers.get("www-authenticate")):
        return code, f"{seen} (asks for {asked[:80]})"
    if code == "agent_busy" and (delay := headers.get("retry-after")):
        return code, f"{seen} (try again after: {delay[:40]})"
    return code, seen


def _words(body: bytes) -> str:
    """Return what an error body says: its message with n8n's hint, which says what to change, or its beginning."""
    text = body.decode("utf-8", "replace").strip()
    value: Any = parse(text)
    if isinstance(value, dict):
        message = error_message(value)
        hint = value.get("hint")
        return f"{message} {hint[:500]}" if isinstance(hint, str) else message
    return " ".join((text if value is MISSING or not isinstance(value, str) else value)[:SHOWN].split())
