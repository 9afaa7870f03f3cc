"""What people in a room are told, and how far each has been told."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from chats.frames import Source
from chats.models import MessageRole
from chats.sockets import encoded
from sharing.models import Ending
from sharing.sight import Loss


class Reason(StrEnum):
    """Why a room closed, for all or for one."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    DELETED = "deleted"
    FULL = "full"
    LEFT = "left"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Closed:
    """The last that somebody hears."""

    reason: Reason
    message: str

    @classmethod
    def by(cls, ending: Ending) -> "Closed":
        return cls(Reason(ending.reason), ending.label)


LOSSES: Final = {
    Loss.LEFT: Closed(Reason.LEFT, "You are no longer in this conversation. Open the link again to come back."),
    Loss.FULL: Closed(Reason.FULL, "Your place was given to somebody else while you were away."),
}
TOO_MANY_WINDOWS: Final = Closed(Reason.FULL, "You have opened this link in too many windows.")
NO_PLACE: Final = Closed(Reason.LEFT, "You have no place here. Open the link to come in.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands: in the room, or in line with so many ahead."""

    can_write: bool
    ahead: int | None = None

    @property
    def is_in(self) -> bool:
        return self.ahead is None


@dataclass(frozen=True, slots=True)
class Presence:
    """How full the room is, and who types, apart from the one who is told."""

    current_users: int
    max_concurrent_users: int
    waiting: int
    messages_left: int
    typing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A message that was added: as data, as HTML, and where its text is read while it grows."""

    message_id: UUID
    role: str
    status: str
    shown: dict[str, Any]
    html: str
    source: Source | None

    def as_html(self) -> str:
        """Return the frame for pages."""
        known = {"message_id": str(self.message_id), "role": self.role, "status": self.status}
        return encoded("entry", {**known, "html": self.html})

    def as_said(self) -> tuple[str, dict[str, Any]] | None:
        """Return type and data of the event for programs, of what people say."""
        if self.role != MessageRole.USER:
            return None
        return "user_message", {
            name: self.shown[name] for name in ("id", "author", "is_visitor", "content", "timestamp")
        }


@dataclass(frozen=True, slots=True)
class Lost:
    """The last that somebody hears who got too far behind, or whose server ends: they are to come again."""


News = Place | Presence | Entry | Closed | Lost


@dataclass(eq=False, slots=True)
class Guest:
    """Somebody connected here, through one or several windows."""

    id: UUID
    token: str
    name: str
    connections: int = 0
    place: Place | None = None
    closed: Closed | None = None


@dataclass(slots=True)
class Reader:
    """How far one connection has been told."""

    place: Place | None = None
    presence: Presence | None = None
    entry: int = 0

    @property
    def is_in(self) -> bool:
        return self.place is not None and self.place.is_in
