"""Which kind of body an answer is, from its content type and its first characters."""

from enum import Enum, auto
from typing import Final

UNSUPPORTED_TYPES: Final = ("image/", "audio/", "video/", "application/octet-stream", "application/pdf")
SSE_STARTS: Final = (":", "data:", "event:", "id:", "retry:", "message:\ndata:", "message\ndata:")
HTML_STARTS: Final = ("<!doctype html", "<html")
LONGEST_START: Final = max(map(len, SSE_STARTS + HTML_STARTS))


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


def sniff(head: str, media_type: str, *, final: bool) -> Shape | None:
    """Return the shape of a body that begins with `head` after white space, `None` while more of it is needed.

    n8n sends lines of JSON as `application/json`, Langflow as `text/event-stream`: the first character goes first.
    """
    head = head[:LONGEST_START].lower().replace("\r\n", "\n").replace("\r", "\n")
    if head.startswith(("{", "[")):
        return Shape.JSON
    if head and (media_type == "text/event-stream" or head.startswith(SSE_STARTS)):
        return Shape.SSE
    if head.startswith(HTML_STARTS):
        return Shape.HTML
    if not final and any(start.startswith(head) for start in SSE_STARTS + HTML_STARTS):
        return None
    return Shape.PLAIN
