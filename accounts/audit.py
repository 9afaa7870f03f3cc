"""Writing the audit log: who did what, on which object, from where.

The actions record themselves, in their own transaction. Who asks is known from the request that is being served;
outside of any, it is the operator's command line. Pass no secret and nobody's text as a detail.

A team's log names its own people. Operators stand in it without their e-mail, which operators alone look up; whoever
else comes from another team is nobody to it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import models

from accounts.addresses import Address
from accounts.models import ActorKind, AuditEntry, User
from accounts.principal import Principal
from tenants.scope import tenant_scope


class AuditAction(models.TextChoices):
    """What is recorded."""

    SIGNED_IN = "auth.signed_in", "Signed in"
    SIGN_IN_FAILED = "auth.sign_in_failed", "Failed to sign in"
    SIGNED_OUT = "auth.signed_out", "Signed out"
    TOKEN_REPLAYED = "auth.token_replayed", "Presented a used refresh token"
    PASSWORD_CHANGED = "password.changed", "Changed a password"
    PASSWORD_RESET_ASKED = "password.reset_asked", "Asked to reset a password"
    PASSWORD_RESET = "password.reset", "Reset a password"
    KEY_CREATED = "key.created", "Made an API key"
    KEY_REVOKED = "key.revoked", "Revoked an API key"
    CLIENT_REVOKED = "client.revoked", "Signed an API client out"
    PERSON_JOINED = "person.joined", "Joined the team"
    PERSON_ADDED = "person.added", "Added a person"
    PERSON_CHANGED = "person.changed", "Changed a person"
    PERSON_DELETED = "person.deleted", "Deleted a person"
    ROLE_CHANGED = "person.role_changed", "Changed a role"
    TIER_CHANGED = "person.tier_changed", "Changed a person's tier"
    PERSON_DEACTIVATED = "person.deactivated", "Deactivated a person"
    PERSON_ACTIVATED = "person.activated", "Activated a person"
    CREDENTIALS_ENDED = "person.credentials_ended", "Ended what opened an account of an unverified address"
    IDENTITY_LINKED = "identity.linked", "Linked an external identity"
    IDENTITY_UNLINKED = "identity.unlinked", "Unlinked an external identity"
    INVITED = "invitation.created", "Invited somebody"
    INVITATION_REVOKED = "invitation.revoked", "Withdrew an invitation"
    TEAM_CREATED = "team.created", "Opened the team"
    TEAM_CHANGED = "team.changed", "Changed the team"
    AGENT_CREATED = "agent.created", "Added an agent"
    AGENT_CHANGED = "agent.changed", "Changed an agent"
    AGENT_DELETED = "agent.deleted", "Deleted an agent"
    CHAT_CHANGED = "chat.changed", "Changed a chat in the administration"
    CHAT_DELETED = "chat.deleted", "Deleted a chat in the administration"
    CHAT_MEMBERS_CHANGED = "chat.members_changed", "Changed whom of the team a chat is shared with"
    SHARE_CREATED = "share.created", "Made a share link"
    SHARE_CHANGED = "share.changed", "Changed a share link"
    SHARE_REVOKED = "share.revoked", "Revoked a share link"
    BENCH_TARGET_CHANGED = "bench.target_changed", "Changed where an environment of the bench is"
    BENCH_TOKEN_READ = "bench.token_read", "Read the tokens of an analyst"
    BENCH_TOKEN_SET = "bench.token_set", "Set or cleared the token of an analyst"
    BENCH_RUN_STARTED = "bench.run_started", "Ran a bench session"
    BENCH_SESSION_DELETED = "bench.session_deleted", "Deleted a bench session"
    BENCH_SESSION_RESTORED = "bench.session_restored", "Brought a bench session back"
    BENCH_ANALYST_CHANGED = "bench.analyst_changed", "Linked an analyst to an account"
    MESSAGE_CHANGED = "message.changed", "Changed a message in the administration"
    MESSAGE_DELETED = "message.deleted", "Deleted a message in the administration"
    TIER_DEFINED = "tier.defined", "Defined a tier"
    TIER_DELETED = "tier.deleted", "Deleted a tier"
    TRIES_FORGIVEN = "tries.forgiven", "Forgave tries to sign in"
    EXPORTED = "export.made", "Exported data"


AN_OPERATOR: Final = "An operator"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, None for nobody signed in, and from where."""

    principal: Principal | None
    address: Address | None


_asker: ContextVar[Asker | None] = ContextVar("parley_asker", default=None)


@contextmanager
def asked_by(principal: Principal | None, address: Address | None) -> Iterator[None]:
    """Have what is recorded inside say who asked."""
    token = _asker.set(Asker(principal, address))
    try:
        yield
    finally:
        _asker.reset(token)


def record(
    action: AuditAction,
    *,
    team_id: UUID,
    target: models.Model | None = None,
    target_name: str | None = None,
    actor: User | None = None,
    **details: Any,
) -> None:
    """Add an entry to a team's log.

    `target` is the object it was done to; `actor` is who did it where the request does not know yet (a sign-in).
    """
    entry = AuditEntry(team_id=team_id, action=action, details=details, **_who(team_id, actor))
    if target is not None:
        entry.object_type = target._meta.model_name or ""
        entry.object_id = str(target.pk)
        entry.object_name = (name_of(target) if target_name is None else target_name)[:254]
    with tenant_scope(team_id):
        entry.save(force_insert=True)


def name_of(row: models.Model) -> str:
    """Return what a log calls an object: a person by their e-mail, an operator by no name."""
    if isinstance(row, User):
        return AN_OPERATOR if row.is_superuser else row.email
    return str(row)


def team_of_asker() -> UUID:
    """Return the team of the person who asks; for what belongs to no team, which operators alone write."""
    asker = _asker.get()
    if asker is None or asker.principal is None:
        raise LookupError("Nobody signed in asks for this.")
    return asker.principal.team_id


def _who(team_id: UUID, actor: User | None) -> dict[str, Any]:
    asker = _asker.get()
    address = str(asker.address) if asker and asker.address else None
    if actor is not None:
        return {**_person(actor), "address": address}
    if asker is None:
        return {"actor_kind": ActorKind.SYSTEM}
    principal = asker.principal
    if principal is None or not _is_known_to(team_id, principal):
        return {"actor_kind": ActorKind.NOBODY, "address": address}
    who = _person(principal.user) if principal.user else {}
    if principal.key_prefix:
        who |= {"actor_kind": ActorKind.KEY, "key_prefix": principal.key_prefix}
    return {**who, "address": address}


def _is_known_to(team_id: UUID, principal: Principal) -> bool:
    return principal.team_id == team_id or (principal.user is not None and principal.user.is_superuser)


def _person(user: User) -> dict[str, Any]:
    return {"actor_kind": ActorKind.PERSON, "actor_id": user.pk, "actor_name": name_of(user)}
