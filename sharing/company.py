"""Who from outside is in a chat: what its own page says of all its open links together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from chats.models import Chat
from sharing.models import Share
from sharing.queries import shares_of, still_open


@dataclass(frozen=True, slots=True)
class Company:
    """How many visitors are in the rooms of a chat's open links, and how many these would hold."""

    links: int
    visitors: int
    places: int

    @classmethod
    def of(cls, shares: Iterable[Share]) -> Self:
        """Add up the open ones of links that know their `current_users`."""
        rooms = [share for share in shares if share.ending is None]
        visitors = sum(share.current_users for share in rooms)  # type: ignore[attr-defined]
        return cls(len(rooms), visitors, sum(share.max_concurrent_users for share in rooms))

    @property
    def sentence(self) -> str:
        """Say it in a few words; nothing when no link is open."""
        word = "visitor" if self.places == 1 else "visitors"
        return f"Shared · {self.visitors} of {self.places} {word} here" if self.links else ""


def company_of(chat: Chat) -> Company:
    """Return the visitors of a chat, in one query."""
    return Company.of(still_open(shares_of(chat)))
