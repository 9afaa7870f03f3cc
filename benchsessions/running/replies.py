"""Reading what a service sends back: JSON that can be kept, without our secrets in it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from django.conf import settings
from rest_framework.exceptions import ParseError

from agents.exceptions import AgentError
from agents.kinds.http import MASK
from agents.replies import BodyCutError, Reply
from benchsessions.characters import cleaned
from benchsessions.shape import check_shape
from tenants.api.parsers import decode
from tenants.exceptions import Invalid, TooLarge

MOST_DEPTH: Final = 32
BEGINNING_BYTES: Final = 64 * 1024
SOON_SECONDS: Final = 5.0


async def whole_body(reply: Reply, most_bytes: int) -> bytes:
    """Return the body; raise `AgentError` for one that is too large or was cut."""
    pieces, size = [], 0
    try:
        while data := await reply.read():
            pieces.append(data)
            size += len(data)
            if size > most_bytes:
                raise AgentError("agent_too_large", f"More than {most_bytes // 2**20} MB came.")
    except BodyCutError:
        raise AgentError("agent_truncated", "The connection broke before the answer was complete.") from None
    return b"".join(pieces)


async def beginning(reply: Reply) -> str:
    """Return the text at the beginning of a body, as much as comes soon."""
    body = b""
    with suppress(BodyCutError, TimeoutError):
        async with asyncio.timeout(SOON_SECONDS):
            while len(body) < BEGINNING_BYTES and (data := await reply.read()):
                body += data
    return body.decode(errors="replace").strip()


def read_reply(body: bytes, secrets: Sequence[str], most_bytes: int) -> tuple[Any, int]:
    """Return the JSON in a body as it can be kept, and how many characters of it had to be replaced.

    `most_bytes` is how large a body may be. Raises `ValueError` with a plain sentence.
    """
    try:
        check_shape(body, min(most_bytes, settings.MAX_BENCH_BODY_BYTES))
        value, replaced = cleaned(_kept(decode(body, what="The answer"), secrets, MOST_DEPTH + 2))
    except TooLarge:
        raise ValueError("The answer holds too many values.") from None
    except (ParseError, Invalid) as error:
        raise ValueError(error.sentence if isinstance(error, Invalid) else str(error.detail)) from None
    if value is None:
        raise ValueError("The answer is null.")
    return value, replaced


def _kept(value: Any, secrets: Sequence[str], depth: int) -> Any:
    """Return a value without the secrets in any of its texts: some services repeat what they were sent.

    Only where they stand in full: an answer is not to lose words that merely begin like one.
    """
    if isinstance(value, str):
        return _without(value, secrets)
    if not isinstance(value, list | dict):
        return value
    if depth == 0:
        raise ValueError("The answer is nested too deeply.")
    if isinstance(value, list):
        return [_kept(inner, secrets, depth - 1) for inner in value]
    return {_without(name, secrets): _kept(inner, secrets, depth - 1) for name, inner in value.items()}


def _without(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
