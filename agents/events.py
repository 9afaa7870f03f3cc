"""What runs and agents tell those who keep texts; sent inside the transaction that books it, in the team's scope."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.dispatch import Signal

from agents.models import RunStatus


@dataclass(frozen=True, slots=True)
class RunSaved:
    """A run's text was saved, at the end or on the way; `text` is None when it stays as it was saved last.

    `revision` says how often the text was replaced as a whole. `notices` is None when they stay. `conversation_id`
    is what the agent's side now calls the conversation, "" when it no longer knows it, None when it said nothing.
    """

    run_id: UUID
    team_id: UUID
    text: str | None
    revision: int
    status: RunStatus
    error_code: str = ""
    notices: list[dict[str, Any]] | None = None
    conversation_id: str | None = None


run_saved = Signal()


@dataclass(frozen=True, slots=True)
class AgentMoved:
    """An agent is about to go, or to be another one: under a new address or kind, nobody knows its conversations.

    Sent before the agent's row is held, since a message holds its chat first and then needs the agent.
    """

    agent_id: UUID


agent_moved = Signal()
