"""People, what they prove themselves with, what they may, and what they did."""

from accounts.models.audit import ActorKind, AppendOnly, AuditEntry
from accounts.models.credentials import (
    PERSONAL_SCOPES,
    TEAM_SCOPES,
    ApiKey,
    ExternalIdentity,
    RefreshSession,
    Scope,
)
from accounts.models.invitations import Invitation
from accounts.models.people import OPERATORS_SLUG, Role, User, UserManager, normalise_email
from accounts.models.rates import RateWindow
from accounts.models.tiers import NO_TIER, Tier

__all__ = [
    "NO_TIER",
    "OPERATORS_SLUG",
    "PERSONAL_SCOPES",
    "TEAM_SCOPES",
    "ActorKind",
    "ApiKey",
    "AppendOnly",
    "AuditEntry",
    "ExternalIdentity",
    "Invitation",
    "RateWindow",
    "RefreshSession",
    "Role",
    "Scope",
    "Tier",
    "User",
    "UserManager",
    "normalise_email",
]
