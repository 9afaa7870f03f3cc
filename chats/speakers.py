"""Who says something in a chat, and what: the rights and the cost are the speaker's."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from agents.kinds import Attached
from agents.models import RunPurpose
from chats.exceptions import ReadOnly
from chats.models import Chat
from chats.queries import may_write, readable_chats


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says something: a person of the team, or a guest whom a share link let into the chat.

    A guest's answers are charged to the chat's person, with whose rights the agent is asked.
    """

    user: User | None = None
    guest_id: UUID | None = None
    guest_name: str = ""

    @property
    def chats(self) -> QuerySet[Chat]:
        """The chats that they may read; whoever let a guest in says which."""
        return Chat.objects.all() if self.user is None else readable_chats(self.user)

    def check_may_speak(self, chat: Chat) -> None:
        """Raise `ReadOnly` for a chat that they may only read; whoever let a guest in has asked for themself."""
        if self.user is not None and not may_write(self.user, chat):
            raise ReadOnly()

    def charged(self, chat: Chat) -> User:
        """Return whose call of the agent it is."""
        return self.user or chat.user

    @property
    def purpose(self) -> RunPurpose:
        return RunPurpose.CHAT if self.user else RunPurpose.SHARE


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person says: a text, files, or both."""

    content: str
    files: Sequence[Attached] = ()

    @property
    def hash(self) -> str:
        """Tell one saying from another; without files it is that of the text alone."""
        parts = [self.content.encode()]
        for file in self.files:
            parts += [file.name.encode(), hashlib.sha256(file.data).digest()]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()
