"""From an agent's row to a call of it."""

from collections.abc import Sequence

from agents.kinds import Call, Said
from agents.models import Agent


def call_of(
    agent: Agent,
    said: Sequence[Said],
    *,
    user: str,
    conversation_id: str,
    message_id: str,
    their_conversation_id: str = "",
) -> Call:
    """Return the call that asks an agent to answer the last of what was `said`.

    Raises `UnreadableSecret` when the key of its token is lost.
    """
    return Call(
        kind=agent.kind,
        url=agent.webhook_url,
        auth_kind=agent.auth_kind,
        auth_name=agent.auth_name,
        token=agent.webhook_token,
        user_agent=agent.user_agent,
        system_prompt=agent.system_prompt,
        config=agent.config,
        limits=agent.limits,
        messages=[*said],
        conversation_id=conversation_id,
        their_conversation_id=their_conversation_id,
        message_id=message_id,
        user=user,
        agent_name=agent.name,
    )
