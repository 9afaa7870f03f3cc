"""What a kind of agent is given, and what it makes of it."""

import base64
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agents.models import AuthKind

# What a kind takes, as media types in the notation of HTML's `accept`.
IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
TEXTS: Final = frozenset({"text/*", "application/json", "application/xml", "application/yaml"})
PDF: Final = frozenset({"application/pdf"})
ANYTHING: Final = frozenset({"*/*"})
NOTHING: Final[frozenset[str]] = frozenset()


def covers(media_types: frozenset[str], media_type: str) -> bool:
    """Tell whether a media type is among those named or described as `text/*` does."""
    main, _, _ = media_type.partition("/")
    return not media_types.isdisjoint({media_type, f"{main}/*", "*/*"})


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a message; `media_type` was found by its content."""

    name: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def is_text(self) -> bool:
        return covers(TEXTS, self.media_type)

    @property
    def text(self) -> str:
        return self.data.decode(errors="replace")

    @property
    def base64(self) -> str:
        return base64.b64encode(self.data).decode()

    @property
    def data_uri(self) -> str:
        return f"data:{self.media_type};base64,{self.base64}"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said in a conversation; `timestamp` is ISO 8601, or empty where nobody knows it."""

    role: str
    content: str
    timestamp: str = ""
    attachments: tuple[Attached, ...] = ()

    @property
    def with_texts(self) -> str:
        """What was said, and the text files that came with it: for who takes nothing but text."""
        files = [f"{file.name}:\n\n{file.text}" for file in self.attachments if file.is_text]
        return "\n\n".join([self.content, *files])

    def as_json(self) -> dict[str, str]:
        """Return it as the contract of chats sends it; an attachment travels otherwise."""
        return {"role": self.role, "content": self.content, "timestamp": self.timestamp}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an agent: the agent's own settings, and the conversation, oldest first.

    `conversation_id` is our name of the conversation, `their_conversation_id` the one the agent's side gave it in an
    earlier answer. `user` is the display name. `uploaded` are the answers to what was uploaded before (see `Remote`).
    """

    kind: str
    url: str = ""
    auth_kind: str = AuthKind.BEARER
    auth_name: str = ""
    token: str = field(default="", repr=False)
    user_agent: str = ""
    system_prompt: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    messages: list[Said] = field(default_factory=list)
    conversation_id: str = ""
    their_conversation_id: str = ""
    message_id: str = ""
    user: str = ""
    agent_name: str = ""
    uploaded: tuple[Any, ...] = ()

    @property
    def question(self) -> str:
        """The last thing the user said."""
        return next((message.content for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def attachments(self) -> tuple[Attached, ...]:
        """What came with the last thing the user said."""
        return next((message.attachments for message in reversed(self.messages) if message.role == "user"), ())


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """A POST of JSON, or of a form (multipart) where there are fields of one; `body` is the JSON once written out."""

    url: str
    headers: dict[str, str] = field(repr=False)
    json: Any = None
    form: tuple[tuple[str, str | Attached], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Remote:
    """A kind that is reached by HTTP.

    `takes` are the media types of the files it can be given. Where files must be uploaded before they can be spoken
    of, `uploads` gives the requests that do it; `request` then finds what was answered, each a JSON document, in
    `Call.uploaded`.
    """

    label: str
    request: Callable[[Call], OutboundRequest]
    takes: frozenset[str] = NOTHING
    uploads: Callable[[Call], list[OutboundRequest]] | None = None


@dataclass(frozen=True, slots=True)
class Local:
    """A kind that answers from within this process."""

    label: str
    stream: Callable[[Call], AsyncGenerator[str, None]]
    takes: frozenset[str] = NOTHING
