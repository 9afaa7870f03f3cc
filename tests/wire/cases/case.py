"""One answer of an agent, byte for byte, and what is to become of it."""

import json
from dataclasses import dataclass
from typing import Any

from agents.wire import Notice

SSE = "text/event-stream"
NDJSON = "application/x-ndjson"
JSON = "application/json"


@dataclass(frozen=True)
class Case:
    """`notices` are what remains of each once all its pieces came, `code` is that of the failure, `replaced` tells
    that text was taken back."""

    name: str
    content_type: str
    body: bytes
    text: str
    code: str | None = None
    notices: tuple[Notice, ...] = ()
    usage: tuple[int | None, int | None] | None = None
    conversation_id: str = ""
    replaced: bool = False


def sse(*frames: Any, done: bool = False, end: str = "\n\n", before: str = "data: ") -> bytes:
    """Return server-sent events: JSON for objects, strings as they are."""
    events = [before + (frame if isinstance(frame, str) else json.dumps(frame)) + end for frame in frames]
    return "".join([*events, f"data: [DONE]{end}" if done else ""]).encode()


def lines(*frames: Any, between: str = "\n") -> bytes:
    """Return JSON values with something after each."""
    return "".join(json.dumps(frame, ensure_ascii=False) + between for frame in frames).encode()


def tool(key: str, title: str) -> Notice:
    return Notice("tool", key=key, title=title, done=True)


def thought(text: str, key: str = "", *, done: bool = False) -> Notice:
    return Notice("reasoning", key=key, text=text, done=done)


def source(key: str, title: str, url: str = "") -> Notice:
    return Notice("citation", key=key, title=title, url=url, done=True)
