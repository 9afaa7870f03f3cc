"""What a kind of agent is given, and what it makes of it."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.exceptions import AgentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an agent: the agent's own settings, and the conversation.

    `messages` are objects of `role`, `content` and `timestamp` (ISO 8601), oldest first. `user` is the display name.
    """

    kind: str
    url: str = ""
    token: str = field(default="", repr=False)
    system_prompt: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    conversation_id: str = ""
    message_id: str = ""
    user: str = ""
    agent_name: str = ""

    @property
    def question(self) -> str:
        """The last thing the user said."""
        said = (message["content"] for message in reversed(self.messages) if message["role"] == "user")
        return str(next(said, ""))


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """A POST of JSON."""

    url: str
    headers: dict[str, str] = field(repr=False)
    json: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remote:
    """A kind that is reached by HTTP."""

    label: str
    request: Callable[[Call], OutboundRequest]


@dataclass(frozen=True, slots=True)
class Local:
    """A kind that answers from within this process."""

    label: str
    stream: Callable[[Call], AsyncGenerator[str, None]]


def headers(call: Call, accept: str) -> dict[str, str]:
    """Return the headers all remote kinds send. Raises `AgentError` for a token that is no header value.

    The request id stays the same for one message, so that a workflow can drop doubles.
    """
    sent = {"Accept": accept}
    if call.message_id:
        sent["X-Request-Id"] = call.message_id
    if call.token:
        if not (call.token.isascii() and call.token.isprintable()):
            raise AgentError("agent_auth", "The token holds line breaks or other characters that no header can carry.")
        sent["Authorization"] = f"Bearer {call.token}"
    return sent
