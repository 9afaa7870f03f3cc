"""A refusal in the shape that clients of OpenAI's API read, beside the common one."""

from typing import Any, Final

from agents.exceptions import QuotaExceeded
from chats.exceptions import UnknownAgent
from tenants.exceptions import ParleyError

PATHS: Final = ("/v1/models", "/v1/chat", "/v1/responses")
TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
# Where that API has a name of its own for something.
CODES: Final = {
    "NOT_AUTHENTICATED": "invalid_api_key",
    "BAD_API_KEY": "invalid_api_key",
    "BAD_TOKEN": "invalid_api_key",
    "AGENT_NOT_FOUND": "model_not_found",
    "AGENT_UNAVAILABLE": "model_not_available",
    "MESSAGE_TOO_LONG": "context_length_exceeded",
}


class UnknownModel(UnknownAgent):
    sentence = "There is no agent of this name or id that you may use."

    def __init__(self) -> None:
        super().__init__(errors={"model": ["Unknown."]})


class TakenBack(ParleyError):
    status = 502
    code = "ANSWER_TAKEN_BACK"
    sentence = "The agent took back what it had said, and a stream cannot. Ask again without streaming."


def is_ours(path: str) -> bool:
    """Tell whether an address belongs to this door."""
    return path in PATHS or path.startswith(tuple(f"{root}/" for root in PATHS))


def body_of(error: ParleyError) -> dict[str, Any]:
    """Return the body of a refusal: the common format, and `error` as that API has it."""
    return {**error.body(), "error": told(error)}


def told(error: ParleyError) -> dict[str, Any]:
    """Return the error object; `param` is the first field that is not valid."""
    field, sentences = next(iter((error.errors or {}).items()), (None, [""]))
    invalid = error.code == "VALIDATION_ERROR" and field is not None
    return {
        "message": f"{field}: {sentences[0]}" if invalid else error.sentence,
        "type": "server_error" if error.status >= 500 else TYPES.get(error.status, "invalid_request_error"),
        "param": field,
        "code": _code(error),
    }


def _code(error: ParleyError) -> str:
    if isinstance(error, QuotaExceeded):  # an hour passes, while a month is as if all were paid out
        return "insufficient_quota" if error.window == "month" else "rate_limit_exceeded"
    return CODES.get(error.code, error.code.lower())
