"""The versions of an agent: what it was told, and how it was called, while a run used it."""

from accounts.models import User
from agents.models import Agent, AgentVersion
from agents.portable import settings_of


def keep_version(agent: Agent, *, by: User | None) -> None:
    """Keep what the agent is now as its next version, unless the last one says the same.

    Call it after the agent was saved, in the same transaction, which holds the agent's row.
    """
    settings = settings_of(agent)
    last = agent.version
    if last is not None and last.settings == settings:
        return
    newest = AgentVersion.objects.filter(agent=agent).order_by("-number").values_list("number", flat=True).first()
    agent.version = AgentVersion.objects.create(
        team_id=agent.team_id, agent=agent, number=(newest or 0) + 1, settings=settings, created_by=by
    )
    Agent.objects.filter(pk=agent.pk).update(version=agent.version)
