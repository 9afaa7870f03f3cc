"""What an answer consists of, once its format is taken away."""

from dataclasses import dataclass, field
from typing import Literal

from agents.exceptions import AgentError


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Replace:
    """The whole answer so far, anew: what came before is taken back."""

    text: str


NoticeKind = Literal["reasoning", "tool", "citation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something beside the answer: a model's reasoning, a tool it used, a source it names.

    Notices of the same kind and key are the same one: `text` is its next piece, `title` (a tool's or a document's
    name) and `url` are what is known by now, `done` says that it is over; of one that nothing is known of, that tells
    nothing. The words of a tool stay where they are.
    """

    kind: NoticeKind = field(kw_only=False)
    key: str = ""
    title: str = ""
    text: str = ""
    url: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The name that the agent's side has given to the conversation; it is sent along from the next call on."""

    id: str


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens an answer took, as the back end counted them."""

    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True, slots=True)
class Pending:
    """An error that a later piece of text takes back. Stays inside the decoder, see `Decoder.pending`."""

    error: AgentError


@dataclass(frozen=True, slots=True)
class Finished:
    """The good end of an answer; nothing comes after it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The bad end of an answer; the text before it stands, nothing comes after it."""

    error: AgentError


Event = Text | Replace | Notice | Conversation | Usage | Pending | Finished | Failed
