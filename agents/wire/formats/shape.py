"""What a format is: a family of frames that can be told from the others; and how their values are read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from agents.wire.events import Conversation, Event

Frame = dict[str, Any]
Read = Callable[[Frame], Iterable[Event]]

MAX_NAME_CHARS: Final = 200
MAX_LISTED: Final = 100


def never(frame: Frame) -> bool:
    """Claim nothing."""
    return False


@dataclass(frozen=True, slots=True)
class Format:
    """A family of frames.

    `claims` tells a frame of this format from those of the formats below it in `FORMATS`; `certain` tells that a first
    JSON value is surely a frame, so that the answer can be shown before a second one comes. `begin` is called once an
    answer and gives what reads its frames one after the other. None of them may raise, whatever types the frame's
    values have, nor keep more than the text of the answer.
    """

    name: str
    claims: Callable[[Frame], bool]
    begin: Callable[[], Read]
    certain: Callable[[Frame], bool] = never


def without_memory(read: Read) -> Callable[[], Read]:
    """Return the `begin` of a format whose frames are read each by itself."""
    return lambda: read


def text_in(value: object) -> str:
    """Return a value that is to be text, "" if it is none."""
    return value if isinstance(value, str) else ""


def name_in(value: object) -> str:
    """Return an id, as text of a length that may be kept."""
    return str(value) if type(value) is int and abs(value) < 2**63 else text_in(value)[:MAX_NAME_CHARS]


def object_in(value: object) -> Frame:
    return value if isinstance(value, dict) else {}


def objects_in(value: object, most: int | None = MAX_LISTED) -> list[Frame]:
    """Return the objects among the first items of a list, by default as many as one frame may tell of."""
    return [item for item in value[:most] if isinstance(item, dict)] if isinstance(value, list) else []


def conversation_in(value: object) -> list[Event]:
    """Return the event for what the agent's side calls the conversation, if it gives it a name."""
    return [Conversation(value)] if isinstance(value, str) and value.isprintable() and value else []
