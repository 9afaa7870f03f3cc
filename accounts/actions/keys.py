"""Making and revoking API keys."""

from collections.abc import Collection
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import audit, queries
from accounts.audit import AuditAction
from accounts.exceptions import BadKey, ScopeRequired, TooManyKeys
from accounts.keys import hash_of_key, new_key, shown_prefix
from accounts.models import PERSONAL_SCOPES, TEAM_SCOPES, ApiKey, User
from accounts.principal import Principal
from tenants.exceptions import Invalid, NotFound
from tenants.managers import find

DAY: Final = timedelta(days=1)
MAX_DAYS: Final = 3650
MAX_KEYS: Final = 50  # of one person
MAX_NETWORKS: Final = 20  # of one key
NETWORKS_SENTENCE: Final = "Write networks like 192.0.2.0/24 or 2001:db8::/32."
Network = IPv4Network | IPv6Network


@transaction.atomic
def create_own_key(
    *,
    user: User,
    principal: Principal,
    name: str = "API Key",
    scopes: Collection[str] | None = None,
    expires_days: int | None = None,
    allowed_networks: Collection[str] = (),
) -> tuple[ApiKey, str]:
    """Make a key for the person who asks, or whose key asks; return it with its text.

    A key that asks gets its own scopes, networks and expiry unless told less. Raises `ScopeRequired` on a scope that
    it lacks, `Invalid` on a network or a day beyond its own, and otherwise like `create_key`.
    """
    if principal.scopes is None:
        return create_key(
            team_id=user.team_id,
            user=user,
            name=name,
            scopes=PERSONAL_SCOPES if scopes is None else scopes,
            expires_days=expires_days,
            allowed_networks=allowed_networks,
        )
    maker = find(queries.open_keys(user).select_for_update(), id=UUID(principal.credential_id))
    if maker is None:  # revoked just now
        raise BadKey()
    if beyond := sorted(set(scopes or ()) - set(maker.scopes)):
        raise ScopeRequired(beyond[0])
    errors: dict[str, list[str]] = {}
    if not all(_is_within(text, maker.allowed_networks) for text in allowed_networks):
        errors["allowed_networks"] = ["Only networks within those of the key that asks."]
    if expires_days is not None and maker.expires_at and expires_days > (maker.expires_at - timezone.now()) / DAY:
        errors["expires_days"] = ["Not beyond the expiry of the key that asks."]
    if errors:
        raise Invalid(errors=errors)
    return create_key(
        team_id=user.team_id,
        user=user,
        name=name,
        scopes=maker.scopes if scopes is None else scopes,
        expires_days=expires_days,
        expires_at=maker.expires_at,
        allowed_networks=allowed_networks or maker.allowed_networks,
        needs_signature=maker.needs_signature,
    )


@transaction.atomic
def create_key(
    *,
    team_id: UUID,
    user: User | None,
    name: str,
    scopes: Collection[str],
    expires_days: int | None = None,
    expires_at: datetime | None = None,
    allowed_networks: Collection[str] = (),
    needs_signature: bool = False,
    is_session_key: bool = False,
) -> tuple[ApiKey, str]:
    """Make a key for a person of the team in scope, or without one for the team itself; return it with its text.

    The text is shown now and never again. `expires_days` comes before `expires_at`. Raises `Invalid` on scopes that
    such a key cannot have, on days out of range and on networks that are none, and `TooManyKeys`.
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
        errors["allowed_networks"] = [NETWORKS_SENTENCE]
    if errors:
        raise Invalid(errors=errors)
    if user is not None and not is_session_key:
        _require_room(user)
    text = new_key(team_id)
    key = ApiKey.objects.create(
        user=user,
        name=name,
        key_prefix=shown_prefix(text),
        key_hash=hash_of_key(text),
        scopes=sorted(set(scopes)),
        allowed_networks=[str(network) for network in networks],
        needs_signature=needs_signature,
        is_session_key=is_session_key,
        expires_at=expires_at if expires_days is None else timezone.now() + expires_days * DAY,
    )
    owner = audit.name_of(user) if user else ""
    audit.record(AuditAction.KEY_CREATED, team_id=team_id, target=key, scopes=key.scopes, owner=owner)
    return key, text


@transaction.atomic
def revoke_key(*, user: User | None, key_id: UUID) -> None:
    """Revoke a key of a person, or with none of the team itself, for good; raise `NotFound` unless it is open."""
    key = find(queries.open_keys(user).select_for_update(), id=key_id)
    if key is None:
        raise NotFound()
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    audit.record(AuditAction.KEY_REVOKED, team_id=key.team_id, target=key)


def _require_room(user: User) -> None:
    """Raise `TooManyKeys` unless the person may have one more; locks the person, so that two cannot take the last."""
    User.objects.select_for_update(no_key=True).get(id=user.id)
    if queries.open_keys(user).count() >= MAX_KEYS:
        raise TooManyKeys()


def _network(text: str) -> Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _is_within(text: str, outer: Collection[str]) -> bool:
    """Tell whether a network lies in one of others, of which none means everywhere; what is no network may pass."""
    network = _network(text)
    return network is None or not outer or any(_contains(ip_network(wide), network) for wide in outer)


def _contains(wide: Network, network: Network) -> bool:
    if isinstance(wide, IPv4Network):
        return isinstance(network, IPv4Network) and network.subnet_of(wide)
    return isinstance(network, IPv6Network) and network.subnet_of(wide)
