"""Making and revoking API keys."""

from collections.abc import Collection
from datetime import timedelta
from ipaddress import ip_network
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import audit, queries
from accounts.audit import AuditAction
from accounts.keys import hash_of_key, new_key, shown_prefix
from accounts.models import PERSONAL_SCOPES, TEAM_SCOPES, ApiKey, User
from tenants.exceptions import Invalid, NotFound
from tenants.managers import find

MAX_DAYS = 3650


@transaction.atomic
def create_key(
    *,
    team_id: UUID,
    user: User | None,
    name: str,
    scopes: Collection[str],
    expires_days: int | None = None,
    allowed_networks: Collection[str] = (),
    needs_signature: bool = False,
    is_session_key: bool = False,
) -> tuple[ApiKey, str]:
    """Make a key for a person of the team in scope, or without one for the team itself; return it with its text.

    The text is shown now and never again. Raises `Invalid` on scopes that such a key cannot have, on days out of
    range and on networks that are none.
    """
    allowed = TEAM_SCOPES if user is None else PERSONAL_SCOPES
    errors: dict[str, list[str]] = {}
    if foreign := sorted(set(scopes) - allowed):
        errors["scopes"] = [f"Not for this key: {', '.join(foreign)}."]
    if not scopes:
        errors["scopes"] = ["Name at least one scope."]
    if expires_days is not None and not 1 <= expires_days <= MAX_DAYS:
        errors["expires_days"] = [f"Between 1 and {MAX_DAYS} days, or none."]
    networks = [_network(text) for text in allowed_networks]
    if None in networks:
        errors["allowed_networks"] = ["Write networks like 192.0.2.0/24 or 2001:db8::/32."]
    if errors:
        raise Invalid(errors=errors)
    text = new_key(team_id)
    key = ApiKey.objects.create(
        user=user,
        name=name,
        key_prefix=shown_prefix(text),
        key_hash=hash_of_key(text),
        scopes=sorted(scopes),
        allowed_networks=networks,
        needs_signature=needs_signature,
        is_session_key=is_session_key,
        expires_at=timezone.now() + timedelta(days=expires_days) if expires_days else None,
    )
    audit.record(AuditAction.KEY_CREATED, team_id=team_id, target=key, scopes=key.scopes)
    return key, text


@transaction.atomic
def revoke_key(*, user: User, key_id: UUID) -> None:
    """Revoke a key of a person for good; raise `NotFound` when there is no such open key."""
    key = find(queries.open_keys(user).select_for_update(), id=key_id)
    if key is None:
        raise NotFound()
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    audit.record(AuditAction.KEY_REVOKED, team_id=key.team_id, target=key)


def _network(text: str) -> str | None:
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError:
        return None
