"""Which kind of body an answer is, from its content type and its first characters."""

import re
from enum import Enum, auto
from typing import Final

UNSUPPORTED_TYPES: Final = ("image/", "audio/", "video/", "application/octet-stream", "application/pdf")
FRAME_TYPES: Final = (
    *("text/event-stream", "application/x-ndjson", "application/ndjson"),
    *("application/jsonl", "application/x-jsonlines", "application/json-lines"),
)
SSE_STARTS: Final = ("data:", "event:", "id:", "retry:", "message:\ndata:", "message\ndata:")
HTML_STARTS: Final = ("<!doctype html", "<html")
SSE_COMMENTS: Final = re.compile(r"(?::[^\n]*+\n++)*+")
LOOKED_AT: Final = 1024


class Shape(Enum):
    JSON = auto()
    SSE = auto()
    HTML = auto()
    PLAIN = auto()


def essence(content_type: str) -> str:
    """Return the media type alone, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_unsupported(media_type: str) -> bool:
    return media_type.startswith(UNSUPPORTED_TYPES)


def declares_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def declares_frames(media_type: str) -> bool:
    """Tell whether the agent says that it sends JSON or a stream of it, and so no text to be shown as it is."""
    return declares_json(media_type) or media_type in FRAME_TYPES


def sniff(head: str, media_type: str, *, final: bool) -> Shape | None:
    """Return the shape of a body that begins with `head` after white space, `None` while more of it is needed.

    n8n sends lines of JSON as `application/json`, Langflow as `text/event-stream`: the first character goes first.
    The fields of server-sent events are spelt small; `Event: a picnic` and `:)` are text.
    """
    if not head:
        return Shape.PLAIN if final else None
    head = head[:LOOKED_AT].replace("\r\n", "\n").replace("\r", "\n")
    if head.startswith(("{", "[")):
        return Shape.JSON
    if media_type == "text/event-stream":
        return Shape.SSE
    field = SSE_COMMENTS.sub("", head, count=1)
    if field.startswith(SSE_STARTS):
        return Shape.SSE
    page = head[: max(map(len, HTML_STARTS))].lower()
    if page.startswith(HTML_STARTS):
        return Shape.HTML
    if final or len(head) == LOOKED_AT:
        return Shape.PLAIN
    is_open = field.startswith(":") or any(start.startswith(field) for start in SSE_STARTS)
    return None if is_open or any(start.startswith(page) for start in HTML_STARTS) else Shape.PLAIN
