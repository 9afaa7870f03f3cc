"""Reads used by more than one caller."""

from contextlib import suppress
from typing import Final, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from accounts.links import InvitationToken, ResetToken
from accounts.models import NO_TIER, ApiKey, Invitation, RefreshSession, Tier, User, normalise_email
from tenants.managers import find
from tenants.models import Team
from tenants.scope import tenant_scope, unsafe_all_tenants

M = TypeVar("M", bound=Model)
# Of others a name is shown: a picture may be a quarter of a megabyte, and would come along with each of their rows.
UNSHOWN: Final = ("avatar", "password", "preferences")


def with_people(rows: QuerySet[M], *paths: str) -> QuerySet[M]:
    """Read the people at these paths along with rows, as far as others see of them."""
    return rows.select_related(*paths).defer(*(f"{path}__{field}" for path in paths for field in UNSHOWN))


def accounts_named(*, email: str, team: str | None, include_inactive: bool = False) -> list[User]:
    """Return the active accounts, or all, with an e-mail, in one active team (by id or slug) or in all."""
    accounts = User.objects.select_related("team").filter(email=normalise_email(email), team__is_active=True)
    if not include_inactive:
        accounts = accounts.filter(is_active=True)
    if not team:
        with unsafe_all_tenants(reason="sign in by e-mail"):
            return list(accounts.order_by("team__name"))
    named = team_named(team)
    if named is None:
        return []
    with tenant_scope(named.id):
        return list(accounts)


def team_named(name: str) -> Team | None:
    """Return the team with an id or a slug, or None."""
    condition = Q(slug=name)
    with suppress(ValueError):
        condition |= Q(id=UUID(name))
    return Team.objects.filter(condition).first()


def open_refresh_sessions(user: User) -> QuerySet[RefreshSession]:
    """Return the API clients a person is signed in with."""
    return RefreshSession.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now())


def open_keys(user: User | None) -> QuerySet[ApiKey]:
    """Return the keys of a person, or with none of the team itself, that were not revoked, the newest first."""
    return ApiKey.objects.filter(user=user, revoked_at=None)


def tier_to_begin_with(team: Team) -> Tier:
    """Return the tier of people who join a team: the one its settings name, else the one that allows nothing."""
    return find(Tier.objects.all(), name=team.default_tier) or Tier.objects.get(name=NO_TIER)


def people(*, search: str = "") -> QuerySet[User]:
    """Return the team's people, by part of their name or e-mail if asked; operators are none of them."""
    found = User.objects.filter(is_superuser=False).order_by("-is_active", "email")
    if search:
        found = found.filter(Q(email__icontains=search) | Q(full_name__icontains=search))
    return found


def open_invitations() -> QuerySet[Invitation]:
    """Return the team's invitations that can still be accepted, the newest first."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


def invitation_of(token: InvitationToken) -> Invitation | None:
    """Return the open invitation that a token belongs to, or None; a closed team has none."""
    with tenant_scope(token.team_id):
        return find(open_invitations().select_related("team"), token_hash=token.hash, team__is_active=True)


def seats_left(team: Team) -> int | None:
    """Return how many active people a team may still take; None is no limit. Operators take no seat."""
    if team.max_users is None:
        return None
    with tenant_scope(team.id):
        return max(0, team.max_users - people().filter(is_active=True).count())


def person_of_reset(token: ResetToken) -> User | None:
    """Return the active person who may set a new password with a token, or None."""
    with tenant_scope(token.team_id):
        people = User.objects.select_related("team").filter(is_active=True, team__is_active=True)
        person = find(people, id=token.user_id)
    return person if person is not None and token.fits(person) else None
