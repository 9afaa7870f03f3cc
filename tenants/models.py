"""The ground: teams, and the model that every row of a team is built on."""

import uuid
from collections.abc import Collection
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models

from tenants.exceptions import WrongTeam
from tenants.managers import TenantManager
from tenants.scope import current_scope


class Registration(models.TextChoices):
    """Who may register in a team."""

    OPEN = "open", "Anybody"
    DOMAINS = "domains", "People with an e-mail of these domains"
    INVITE = "invite", "Invited people only"


class Team(models.Model):
    """One customer of the installation; nothing of it is visible to another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63, unique=True)
    settings = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def registration(self) -> Registration:
        """Who may register; anything unknown is read as by invitation."""
        value = self.settings.get("registration")
        return Registration(value) if value in Registration.values else Registration.INVITE

    @property
    def email_domains(self) -> list[str]:
        """The domains whose addresses may register, lower-cased."""
        domains = self.settings.get("email_domains")
        return [str(domain).lower() for domain in domains] if isinstance(domains, list) else []

    @property
    def max_users(self) -> int | None:
        """How many active users the team may have; None is no limit."""
        limit = self.settings.get("max_users")
        return limit if isinstance(limit, int) and not isinstance(limit, bool) else None

    @property
    def max_concurrent_runs(self) -> int | None:
        """How many answers of the team may grow at once; None is no limit, which is also what 0 means."""
        limit = self.settings.get("max_concurrent_runs")
        given = isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0
        return (limit if given else settings.TEAM_RUNS_AT_ONCE) or None

    @property
    def allows_sharing(self) -> bool:
        """Whether chats of the team may be shared by link; only a plain false switches it off."""
        return self.settings.get("sharing") is not False

    @property
    def default_tier(self) -> str:
        """The name of the tier that people who join begin with; empty for none."""
        name = self.settings.get("default_tier")
        return name if isinstance(name, str) else ""


class TenantModel(models.Model):
    """A row that belongs to one team for good.

    Reads go through the scoped manager, also where Django itself reads (forward keys, refresh, cascades). A write
    is refused with `WrongTeam` unless the row's team is the one in scope.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, editable=False, related_name="+")

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    _stored_team_id: uuid.UUID | None = None

    @classmethod
    def from_db(  # type: ignore[override]
        cls, db: str | None, field_names: Collection[str], values: Collection[Any]
    ) -> Self:
        row = super().from_db(db, field_names, values)
        row._stored_team_id = row.__dict__.get("team_id")
        return row

    def claim_team(self) -> None:
        """Give a new row the team in scope; raise `WrongTeam` on a row of another."""
        scope = current_scope()
        if self.team_id is None and scope.team_id is not None:
            self.team_id = scope.team_id
        if self.team_id is None:
            raise WrongTeam(f"{self._meta.label}: name the team of a row written for: {scope.reason}.")
        if scope.team_id is not None and self.team_id != scope.team_id:
            raise WrongTeam(f"{self._meta.label}: the row belongs to another team than the one in scope.")
        if self._stored_team_id is not None and self._stored_team_id != self.team_id:
            raise WrongTeam(f"{self._meta.label}: the team of a row never changes.")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.claim_team()
        super().save(*args, **kwargs)
        self._stored_team_id = self.team_id

    def _do_update(self, base_qs: models.QuerySet[Self], *args: Any) -> Any:
        """Update the row only where it already has this team, also when the team was not read before."""
        return super()._do_update(base_qs.filter(team_id=self.team_id), *args)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete the row through the scoped manager; a foreign id deletes nothing, a foreign row raises."""
        self.claim_team()
        rows = type(self)._base_manager.using(using or self._state.db)
        return rows.filter(pk=self.pk).delete()
