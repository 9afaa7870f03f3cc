"""Defining tiers and giving them to people."""

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import audit
from accounts.audit import AuditAction
from accounts.models import Tier, User
from tenants.exceptions import Invalid


@transaction.atomic
def define_tier(*, name: str, requests_per_hour: int | None, runs_per_month: int | None) -> Tier:
    """Add a tier or change its limits; None is no limit. Raise `Invalid` on a bad name or limit."""
    limits = {"requests_per_hour": requests_per_hour, "runs_per_month": runs_per_month}
    try:
        Tier(name=name, **limits).full_clean(validate_unique=False)
    except ValidationError as error:
        raise Invalid(errors=error.message_dict) from None
    tier, _ = Tier.objects.update_or_create(name=name, defaults=limits)
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
