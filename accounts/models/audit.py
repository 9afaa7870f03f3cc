"""The audit log."""

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils import timezone

from tenants.managers import TenantManager, TenantQuerySet
from tenants.models import TenantModel


class ActorKind(models.TextChoices):
    """What kind of caller did it."""

    PERSON = "person", "Person"
    KEY = "key", "API key"
    VISITOR = "visitor", "Visitor of a share"
    NOBODY = "nobody", "Nobody (not signed in)"
    SYSTEM = "system", "The operator's command line"


class AppendOnly(TypeError):
    """What stands in the audit log is neither changed nor taken away: a mistake in the program."""


class AuditQuerySet(TenantQuerySet["AuditEntry"]):
    """Entries to read."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly("An entry of the audit log is never changed.")

    def delete(self) -> NoReturn:
        raise AppendOnly("An entry of the audit log is never deleted.")

    def _raw_delete(self, using: str | None) -> int:
        """Keep the log from going with its team: a cascade deletes without asking anything else."""
        if self.exists():
            raise AppendOnly("An entry of the audit log is never deleted, nor is a team that has one.")
        return 0


class AuditManager(TenantManager["AuditEntry"]):
    """Entries of the team in scope."""

    queryset_class = AuditQuerySet


class AuditEntry(TenantModel):
    """Who did what, on which object, when, from where. No secret and nobody's text; see `accounts.audit`.

    Actor and object are named, not linked: the entry outlives both.
    """

    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=254, blank=True)
    key_prefix = models.CharField(max_length=20, blank=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_name = models.CharField(max_length=254, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)

    objects: ClassVar[AuditManager] = AuditManager()

    class Meta(TenantModel.Meta):
        verbose_name_plural = "audit log"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["team", "-at"], name="audit_by_time"),
            models.Index(fields=["team", "action", "-at"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action}, {self.at:%Y-%m-%d %H:%M:%S}"

    def _do_update(self, *args: Any) -> NoReturn:
        """Refuse: each way of saving a row again leads here."""
        raise AppendOnly("An entry of the audit log is never changed.")

    def delete(self, using: str | None = None, keep_parents: bool = False) -> NoReturn:
        raise AppendOnly("An entry of the audit log is never deleted.")
