"""Reads of agents that more than one caller needs."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import queries as accounts
from accounts.models import User
from agents.models import Agent, AgentMember, Audience
from tenants.exceptions import NotFound
from tenants.managers import find


def agents_of(user: User, *, include_inactive: bool = False) -> QuerySet[Agent]:
    """Return the agents a person may know of, by name: those that can be talked to, or all.

    An agent given to chosen people exists for them and for the team's admins only.
    """
    found = Agent.objects.all()
    if not user.is_team_admin:
        chosen = AgentMember.objects.filter(agent=OuterRef("pk"), user=user)
        found = found.filter(Q(audience=Audience.ALL) | Exists(chosen))
    return found if include_inactive else found.filter(is_active=True)


def may_use(user: User, agent: Agent | None) -> bool:
    """Tell whether a person can talk to an agent: it is there, switched on and given to them.

    The usual audience costs no query.
    """
    if agent is None or not agent.is_active:
        return False
    return (
        agent.audience == Audience.ALL
        or user.is_team_admin
        or AgentMember.objects.filter(agent=agent, user=user).exists()
    )


def with_version(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """Read the number of each agent's version along."""
    return agents.select_related("version").defer("version__settings")


def members_of(agent: Agent) -> QuerySet[User]:
    """Return the active people an agent was given to; whether that matters is said by its audience."""
    given = AgentMember.objects.filter(agent=agent, user=OuterRef("pk"))
    return accounts.people().filter(Exists(given), is_active=True)


def known_agent(user: User, agent_id: UUID) -> Agent:
    """Return an agent that a person may know of, active or not; raise `NotFound` for any other."""
    agent = find(with_version(agents_of(user, include_inactive=True)), id=agent_id)
    if agent is None:
        raise NotFound()
    return agent
