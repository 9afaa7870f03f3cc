"""Every write of an agent."""

from collections.abc import Collection
from typing import Any, Final, TypedDict, Unpack
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts import audit
from accounts import queries as accounts
from accounts.audit import AuditAction
from accounts.models import User
from agents import breaker, rules
from agents.events import AgentMoved, agent_moved
from agents.exceptions import ChangedMeanwhile
from agents.models import Agent, AgentMember, AgentVersion, Audience
from agents.models.agents import slug_from
from agents.portable import SETTINGS, document_of, read_document, settings_of
from agents.versions import keep_version
from tenants import pictures
from tenants.exceptions import Invalid, NotFound
from tenants.managers import find
from tenants.scope import tenant_scope, unsafe_all_tenants
from tenants.secrets import UnreadableSecret

# A mask can be told from a token: no token holds this character, since none could travel in a header.
MASK_SIGN: Final = "•"
COPY: Final = " (copy)"
# Behind another address, or spoken to in another way, nobody knows the conversations begun before.
MOVING: Final = ("kind", "webhook_url")
UNKNOWN_NAMED: Final = 10


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
    return _create(created_by, fields)


def duplicate_agent(*, agent: Agent, created_by: User) -> Agent:
    """Add a copy of an agent with its settings and its secret, but without its people, switched off."""
    longest = Agent._meta.get_field("name").max_length or 0
    fields: AgentFields = {
        **settings_of(agent),  # type: ignore[typeddict-item]
        "name": f"{agent.name[: longest - len(COPY)]}{COPY}",
        "webhook_token": _token_of(agent),
        "avatar": agent.avatar,
        "audience": agent.audience,
        "is_active": False,
    }
    return _create(created_by, fields, copy_of=str(agent.pk))


def import_agent(*, document: object, created_by: User) -> Agent:
    """Add the agent of an export; one whose secret is missing begins switched off. Raises `Invalid`."""
    settings = read_document(document)
    lacks_token = Agent(**settings, is_active=False).lacks_token
    fields: AgentFields = {**settings, "is_active": not lacks_token}  # type: ignore[typeddict-item]
    return _create(created_by, fields, imported=True)


def export_agent(*, agent: Agent) -> dict[str, Any]:
    """Return an agent as JSON for another team or installation; its secret and its people stay here."""
    audit.record(AuditAction.EXPORTED, team_id=agent.team_id, target=agent, what="agent")
    return document_of(agent)


def _create(created_by: User | None, fields: AgentFields, **details: Any) -> Agent:
    agent = Agent(created_by=created_by)
    for name, value in fields.items():
        setattr(agent, name, value)
    rules.hold(agent, changed={*rules.RULES, *fields})
    try:
        _add(agent, created_by, details)
    except IntegrityError:  # another agent of this name was added at the same moment
        agent.slug, agent.version = slug_from(agent.name, agent.pk), None
        _add(agent, created_by, details)
    return agent


@transaction.atomic
def _add(agent: Agent, created_by: User | None, details: dict[str, Any]) -> None:
    agent.save(force_insert=True)
    keep_version(agent, by=created_by)
    audit.record(AuditAction.AGENT_CREATED, team_id=agent.team_id, target=agent, **details)


def update_agent(
    *, agent: Agent, changed_by: User | None, seen: int | None = None, **changes: Unpack[AgentFields]
) -> Agent:
    """Change the given fields and no others; the mask of the token and the present avatar change nothing.

    Raises `ChangedMeanwhile` if the agent's version is not the one that was `seen`, where that is said.
    A picture is drawn before the transaction begins, which on SQLite would keep all other writers waiting.
    """
    if changes.get("avatar", agent.avatar) != agent.avatar:
        drawn = Agent(avatar=changes["avatar"])
        rules.hold(drawn, changed={"avatar"})
        changes["avatar"] = drawn.avatar
    return _update(agent, changed_by, seen, changes)


@transaction.atomic
def _update(agent: Agent, changed_by: User | None, seen: int | None, changes: AgentFields) -> Agent:
    if any(name in changes and changes[name] != getattr(agent, name) for name in MOVING):
        agent_moved.send(sender=Agent, event=AgentMoved(agent.pk))
    agent = _locked(agent)
    if seen is not None and agent.version is not None and agent.version.number != seen:
        raise ChangedMeanwhile()
    if changes.get("webhook_token", "").startswith(MASK_SIGN):
        del changes["webhook_token"]
    if "avatar" in changes and changes["avatar"] == agent.avatar:
        del changes["avatar"]
    before = {name: _stored(agent, name) for name in changes}
    for name, value in changes.items():
        setattr(agent, name, value)
    rules.hold(agent, changed=changes.keys() - {"avatar"})
    if changed := sorted(name for name, value in before.items() if _stored(agent, name) != value):
        breaker.forgive(agent, changed=changed)
        agent.save()
        keep_version(agent, by=changed_by)
        audit.record(AuditAction.AGENT_CHANGED, team_id=agent.team_id, target=agent, fields=changed)
    return agent


def restore_version(*, agent: Agent, number: int, changed_by: User) -> Agent:
    """Make an agent what it was in an earlier version; its secret stays the present one. Raises `Invalid`."""
    version = find(AgentVersion.objects.filter(agent=agent), number=number)
    if version is None:
        raise Invalid(errors={"version": ["The agent has no version of this number."]})
    settings = {name: version.settings[name] for name in SETTINGS if name in version.settings}
    return update_agent(agent=agent, changed_by=changed_by, **settings)  # type: ignore[typeddict-item]


@transaction.atomic
def share_agent(*, agent: Agent, user_ids: Collection[UUID], audience: str | None = None) -> None:
    """Give an agent to these active people of the team and to no others, and say whether that matters.

    Whoever was deactivated keeps it for the day they come back. Raises `Invalid` naming ids of nobody.
    """
    agent = _locked(agent)
    active = accounts.people().filter(is_active=True)
    wanted = set(user_ids)
    if unknown := wanted.difference(active.filter(id__in=wanted).values_list("id", flat=True)):
        named = sorted(map(str, unknown))[:UNKNOWN_NAMED]
        raise Invalid(errors={"members": [f"There is no active person with the id {one}." for one in named]})
    members = AgentMember.objects.filter(agent=agent)
    present = set(members.filter(user__in=active).values_list("user_id", flat=True))
    members.filter(user_id__in=present - wanted).delete()
    AgentMember.objects.bulk_create(AgentMember(agent=agent, user_id=one) for one in wanted - present)
    changed = ["members"] if present != wanted else []
    if audience is not None and audience != agent.audience:
        agent.audience = Audience(audience)
        agent.save(update_fields=["audience", "updated_at"])
        changed.append("audience")
    if changed:
        audit.record(
            AuditAction.AGENT_CHANGED,
            team_id=agent.team_id,
            target=agent,
            fields=sorted(changed),
            added=sorted(map(str, wanted - present)),
            removed=sorted(map(str, present - wanted)),
        )


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
    agent_moved.send(sender=Agent, event=AgentMoved(agent.pk))
    agent = _locked(agent)  # first, since whoever is changing it still adds a version
    audit.record(AuditAction.AGENT_DELETED, team_id=agent.team_id, target=agent)
    agent.delete()


def _stored(agent: Agent, name: str) -> Any:
    """Return a field as it is kept: a token whose key is lost can be replaced, though not read."""
    return agent.sealed_webhook_token if name == "webhook_token" else getattr(agent, name)


def _token_of(agent: Agent) -> str:
    try:
        return agent.webhook_token
    except UnreadableSecret:  # its key is lost, so the copy has none
        return ""


def _locked(agent: Agent) -> Agent:
    """Return the agent as it stands, held until the transaction ends; raise `NotFound` if it is gone.

    Held so that its runs can still be booked meanwhile: they refer to it, and nobody changes its id.
    """
    found = find(Agent.objects.select_for_update(no_key=True), pk=agent.pk)
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
