"""Whatever is written by hand in the administration goes into the audit log of the team it belongs to."""

from typing import Any, Final
from uuid import UUID

from django.db import models
from django.dispatch import receiver

from accounts import audit
from accounts.audit import AuditAction
from tenants.events import RowWritten, Verb, row_written
from tenants.models import Team, TenantModel

ACTIONS: Final[dict[tuple[str, Verb], AuditAction]] = {
    ("tenants.Team", Verb.ADDED): AuditAction.TEAM_CREATED,
    ("tenants.Team", Verb.CHANGED): AuditAction.TEAM_CHANGED,
    ("accounts.User", Verb.ADDED): AuditAction.PERSON_ADDED,
    ("accounts.User", Verb.CHANGED): AuditAction.PERSON_CHANGED,
    ("accounts.User", Verb.DELETED): AuditAction.PERSON_DELETED,
    ("accounts.Tier", Verb.ADDED): AuditAction.TIER_DEFINED,
    ("accounts.Tier", Verb.CHANGED): AuditAction.TIER_DEFINED,
    ("accounts.Tier", Verb.DELETED): AuditAction.TIER_DELETED,
    ("accounts.ExternalIdentity", Verb.DELETED): AuditAction.IDENTITY_UNLINKED,
    ("accounts.RateWindow", Verb.DELETED): AuditAction.TRIES_FORGIVEN,
    ("agents.Agent", Verb.ADDED): AuditAction.AGENT_CREATED,
    ("agents.Agent", Verb.CHANGED): AuditAction.AGENT_CHANGED,
    ("agents.Agent", Verb.DELETED): AuditAction.AGENT_DELETED,
    ("chats.Chat", Verb.CHANGED): AuditAction.CHAT_CHANGED,
    ("chats.Chat", Verb.DELETED): AuditAction.CHAT_DELETED,
    ("chats.Message", Verb.CHANGED): AuditAction.MESSAGE_CHANGED,
    ("chats.Message", Verb.DELETED): AuditAction.MESSAGE_DELETED,
    ("benchsessions.Analyst", Verb.CHANGED): AuditAction.BENCH_ANALYST_CHANGED,
}


@receiver(row_written)
def record(event: RowWritten, **kwargs: Any) -> None:
    """Record it; a model that is not listed cannot be written, so that none is forgotten."""
    details: dict[str, Any] = {"fields": event.fields} if event.fields else {}
    audit.record(
        ACTIONS[event.row._meta.label, event.verb],
        team_id=_team_of(event.row),
        target=event.row,
        target_name="" if event.holds_text else None,
        **details,
    )


def _team_of(row: models.Model) -> UUID:
    """Return the team whose log it goes into; what belongs to none is written by operators, into that of their own."""
    if isinstance(row, Team):
        return row.pk
    return row.team_id if isinstance(row, TenantModel) else audit.team_of_asker()
