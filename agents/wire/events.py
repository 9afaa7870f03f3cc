"""What an answer consists of, once its format is taken away."""

from dataclasses import dataclass

from agents.exceptions import AgentError


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Replace:
    """The whole answer so far, anew: what came before is taken back."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is not the answer, such as a model's reasoning (`kind` is "reasoning")."""

    kind: str
    text: str


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


Event = Text | Replace | Notice | Usage | Pending | Finished | Failed
