"""Every write of an agent."""

from typing import Any, Final, TypedDict, Unpack
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.audit import AuditAction
from accounts.models import User
from agents import rules
from agents.models import Agent
from agents.versions import keep_version
from tenants import pictures
from tenants.exceptions import Invalid, NotFound
from tenants.managers import find
from tenants.scope import tenant_scope, unsafe_all_tenants

# A mask can be told from a token: no token holds this character, since none could travel in a header.
MASK_SIGN: Final = "•"


class AgentFields(TypedDict, total=False):
    """What may be set of an agent."""

    name: str
    description: str
    kind: str
    webhook_url: str
    auth_kind: str
    auth_name: str
    webhook_token: str
    user_agent: str
    system_prompt: str
    avatar: str | None
    config: dict[str, Any]
    limits: dict[str, Any]
    max_concurrent: int | None
    audience: str
    is_active: bool


def create_agent(*, created_by: User | None, **fields: Unpack[AgentFields]) -> Agent:
    """Add an agent to the team in scope; raise `Invalid` on one that could not be called."""
    agent = Agent(created_by=created_by)
    for name, value in fields.items():
        setattr(agent, name, value)
    rules.hold(agent, changed={*fields, "webhook_url", "config"})
    with transaction.atomic():
        agent.save()
        keep_version(agent, by=created_by)
        audit.record(AuditAction.AGENT_CREATED, team_id=agent.team_id, target=agent)
    return agent


@transaction.atomic
def update_agent(*, agent: Agent, changed_by: User | None, **changes: Unpack[AgentFields]) -> Agent:
    """Change the given fields and no others; the mask of the token and the present avatar change nothing."""
    agent = _locked(agent)
    if changes.get("webhook_token", "").startswith(MASK_SIGN):
        del changes["webhook_token"]
    if "avatar" in changes and changes["avatar"] == agent.avatar:
        del changes["avatar"]
    before = {name: _stored(agent, name) for name in changes}
    for name, value in changes.items():
        setattr(agent, name, value)
    rules.hold(agent, changed=changes)
    agent.save()
    keep_version(agent, by=changed_by)
    if fields := sorted(name for name, value in before.items() if _stored(agent, name) != value):
        audit.record(AuditAction.AGENT_CHANGED, team_id=agent.team_id, target=agent, fields=fields)
    return agent


def set_avatar(*, agent: Agent, image: bytes) -> Agent:
    """Give the agent a picture; raise `Invalid` on what is none and `TooLarge` on a large one.

    It is drawn before the transaction begins, which on SQLite would keep all other writers waiting.
    """
    try:
        avatar = pictures.redrawn(image)
    except ValueError as error:
        raise Invalid(errors={"file": [str(error)]}) from None
    with transaction.atomic():
        agent = _locked(agent)
        agent.avatar = avatar
        agent.save(update_fields=["avatar", "updated_at"])
        audit.record(AuditAction.AGENT_CHANGED, team_id=agent.team_id, target=agent, fields=["avatar"])
    return agent


@transaction.atomic
def delete_agent(*, agent: Agent) -> None:
    """Delete the agent; its chats and the ledger of its runs stay. Raise `NotFound` if it is gone."""
    audit.record(AuditAction.AGENT_DELETED, team_id=agent.team_id, target=agent)
    _, deleted = agent.delete()
    if Agent._meta.label not in deleted:
        raise NotFound()


def _stored(agent: Agent, name: str) -> Any:
    """Return a field as it is kept: a token whose key is lost can be replaced, though not read."""
    return agent.sealed_webhook_token if name == "webhook_token" else getattr(agent, name)


def _locked(agent: Agent) -> Agent:
    """Return the agent as it stands, held until the transaction ends; raise `NotFound` if it is gone."""
    found = find(Agent.objects.select_for_update(), pk=agent.pk)
    if found is None:
        raise NotFound()
    return found


def reseal_tokens() -> int:
    """Seal the secrets of all teams' agents again under the first key; return how many."""
    with unsafe_all_tenants(reason="rotate the keys of secrets"):
        agents = list(Agent.objects.exclude(sealed_webhook_token="").values_list("id", "team_id"))
    return sum(_reseal_token(agent_id, team_id) for agent_id, team_id in agents)


def _reseal_token(agent_id: UUID, team_id: UUID) -> bool:
    with tenant_scope(team_id), transaction.atomic():
        agent = find(Agent.objects.select_for_update(), id=agent_id)
        if agent is None:
            return False
        agent.webhook_token = agent.webhook_token
        agent.save(update_fields=["sealed_webhook_token"])
    return True
