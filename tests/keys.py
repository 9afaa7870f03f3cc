"""API keys for tests, made the way everybody makes them."""

from collections.abc import Collection
from typing import Any

from accounts.actions.keys import create_key
from accounts.models import PERSONAL_SCOPES, TEAM_SCOPES, ApiKey, User
from tenants.models import Team
from tenants.scope import tenant_scope


def new_key(owner: User | Team, scopes: Collection[str] | None = None, **fields: Any) -> tuple[ApiKey, str]:
    """Make a key of a person or a team, with all its scopes unless told; return it with its text."""
    user = owner if isinstance(owner, User) else None
    team_id = owner.team_id if isinstance(owner, User) else owner.id
    if scopes is None:
        scopes = TEAM_SCOPES if user is None else PERSONAL_SCOPES
    with tenant_scope(team_id):
        return create_key(team_id=team_id, user=user, name="test", scopes=scopes, **fields)


def with_key(text: str, *, header: str = "x-api-key") -> dict[str, str]:
    """Return the header that carries a key."""
    return {header: f"Bearer {text}" if header == "authorization" else text}


def change(key: ApiKey, **fields: Any) -> None:
    """Set fields of a key in the table."""
    with tenant_scope(key.team_id):
        ApiKey.objects.filter(id=key.id).update(**fields)


def seen(key: ApiKey) -> ApiKey:
    """Return a key as the table has it now."""
    with tenant_scope(key.team_id):
        return ApiKey.objects.get(id=key.id)
