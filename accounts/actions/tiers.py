"""Defining tiers and giving them to people."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import audit, queries
from accounts.audit import AuditAction
from accounts.models import NO_TIER, OPERATORS_SLUG, Tier, User
from tenants.exceptions import Invalid
from tenants.managers import find


@transaction.atomic
def define_tier(*, name: str, requests_per_hour: int | None, runs_per_month: int | None) -> Tier:
    """Add a tier or change its limits; None is no limit. Raise `Invalid` on a bad name or limit.

    A tier belongs to no team: the log of the operators tells of it, once there are any.
    """
    if name == NO_TIER:
        raise Invalid(errors={"name": [f"The tier {NO_TIER} allows nothing; it stays so."]})
    limits = {"requests_per_hour": requests_per_hour, "runs_per_month": runs_per_month}
    try:
        Tier(name=name, **limits).full_clean(validate_unique=False)
    except ValidationError as error:
        raise Invalid(errors=error.message_dict) from None
    before = find(Tier.objects.select_for_update(), name=name)
    tier, is_new = Tier.objects.update_or_create(name=name, defaults=limits)
    fields = [field for field, limit in limits.items() if before and getattr(before, field) != limit]
    operators = queries.team_named(OPERATORS_SLUG)
    if operators and (is_new or fields):
        details: dict[str, Any] = {"fields": fields} if fields else {}
        audit.record(AuditAction.TIER_DEFINED, team_id=operators.id, target=tier, **details)
    return tier


@transaction.atomic
def set_tier(*, user: User, tier: Tier) -> None:
    """Give a person of the team in scope a tier."""
    before = User.objects.select_for_update(no_key=True).get(id=user.id).tier_id
    if before == tier.name:
        return
    user.tier = tier
    user.save(update_fields=["tier"])
    audit.record(AuditAction.TIER_CHANGED, team_id=user.team_id, target=user, before=before, after=tier.name)
