"""What requests of all kinds have in common: where they go, and how they prove who sends them."""

import base64
import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from agents.exceptions import AgentError
from agents.kinds.call import Call
from agents.models import AuthKind

EVENTS: Final = "text/event-stream, application/json;q=0.8"
MASK: Final = "••••"
SHORTEST_SECRET: Final = 4
TELLING: Final = 8


def endpoint(url: str, path: str) -> str:
    """Return the address that ends with `path` for an agent's URL, which may be the base alone."""
    base, mark, query = url.partition("?")
    base = base.rstrip("/")
    return base + ("" if base.endswith(path) else path) + mark + query


def headers(call: Call, accept: str = EVENTS) -> dict[str, str]:
    """Return the headers all remote kinds send. Raises `AgentError` for what no header can carry.

    The request id stays the same for one message, so that a workflow can drop doubles.
    """
    sent = {"Accept": accept}
    if call.user_agent:
        sent["User-Agent"] = call.user_agent
    if call.message_id:
        sent["X-Request-Id"] = call.message_id
    sent |= _proof(call)
    if not all(words.isascii() and words.isprintable() for header in sent.items() for words in header):
        seen = "The token, its header or the User-Agent holds line breaks or other characters that no header can carry."
        raise AgentError("agent_auth", seen)
    return sent


def masked(text: str, call: Call) -> str:
    """Return what an agent said without the call's secret: some repeat it when they refuse it.

    It is hidden in each of its spellings, and so is what is left of it where the text was cut.
    """
    return hidden(text, _spellings(call))


def hidden(text: str, spellings: Iterable[str]) -> str:
    """Return text without secrets in any of their `spellings`."""
    for spelling in spellings:
        text = _without(text, spelling)
    return text


def spellings_of(secrets: Iterable[str]) -> list[str]:
    """Return how secrets may be written, the longest first; those of a few letters would hide words."""
    spelt = {each for secret in secrets for each in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""))}
    return sorted((each for each in spelt if len(each) >= SHORTEST_SECRET), key=len, reverse=True)


def masked_beginning(text: str, call: Call, most: int) -> str:
    """Return the first `most` characters at most of what an agent said, without the call's secret.

    No more of a long text is looked at. Masks are short: what moves up from behind may be cut, and is left out.
    """
    spare = max(map(len, _spellings(call)), default=0)
    beginning = masked(text[: most + spare], call)
    return beginning[:most] if len(text) <= most + spare else beginning[: max(0, len(beginning) - spare)]


def _proof(call: Call) -> dict[str, str]:
    """Return the header that carries the secret, if there is one."""
    match call.auth_kind:
        case AuthKind.BEARER if call.token:
            return {"Authorization": f"Bearer {call.token}"}
        case AuthKind.HEADER if call.token and call.auth_name:
            return {call.auth_name: call.token}
        case AuthKind.BASIC if call.token or call.auth_name:
            return {"Authorization": f"Basic {_basic(call)}"}
    return {}


def _basic(call: Call) -> str:
    return base64.b64encode(f"{call.auth_name}:{call.token}".encode(errors="replace")).decode()


def _spellings(call: Call) -> list[str]:
    spellings = spellings_of([call.token])
    return [_basic(call), *spellings] if call.auth_kind == AuthKind.BASIC else spellings


def _without(text: str, secret: str) -> str:
    """Return `text` without `secret`, nor any beginning of it that is long enough to tell; look at it once."""
    telling, rest = secret[:TELLING], secret[TELLING:]
    shown, seen = [], 0
    while (found := text.find(telling, seen)) >= 0:
        shown += [text[seen:found], MASK]
        seen = found + len(telling)
        seen += next((at for at, letter in enumerate(rest) if text[seen + at : seen + at + 1] != letter), len(rest))
    return "".join([*shown, text[seen:]])
