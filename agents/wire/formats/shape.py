"""What a format is: a family of frames that can be told from the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.wire.events import Event

Frame = dict[str, Any]


def never(frame: Frame) -> bool:
    """Claim nothing."""
    return False


@dataclass(frozen=True, slots=True)
class Format:
    """A family of frames.

    `claims` tells a frame of this format from those of the formats below it in `FORMATS`; `certain` tells that a first
    JSON value is surely a frame, so that the answer can be shown before a second one comes. Neither they nor `read`
    may raise, whatever types the frame's values have.
    """

    name: str
    claims: Callable[[Frame], bool]
    read: Callable[[Frame], list[Event]]
    certain: Callable[[Frame], bool] = never
