"""Who puts questions and judges answers, and how they ask each environment."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from benchsessions.models.targets import Environment
from tenants.constraints import SameTeam
from tenants.models import TenantModel
from tenants.scope import current_team_id
from tenants.secrets import seal, unseal


class Analyst(TenantModel):
    """Somebody at the bench: known by eight digits to the contract's back end, by an account to the pages, or by both.

    The digits are a name, never a credential.
    """

    login = models.CharField(max_length=8, blank=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    last_login_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="analyst_team_key"),
            models.UniqueConstraint(
                fields=["team", "login"], condition=~models.Q(login=""), name="analyst_login_in_team"
            ),
            models.UniqueConstraint(
                fields=["team", "user"], condition=models.Q(user__isnull=False), name="analyst_of_user"
            ),
            models.CheckConstraint(
                condition=models.Q(login="") | models.Q(login__regex=r"\A[0-9]{8}\Z"), name="analyst_login_digits"
            ),
            SameTeam(field="user", name="analyst_user_same_team"),
        ]

    def __str__(self) -> str:
        return str(self.user) if self.user else self.login or "Somebody who left"


class EnvironmentSettings(TenantModel):
    """How one analyst asks one environment; `values` are the contract's keys but the token, and any others."""

    analyst = models.ForeignKey(Analyst, on_delete=models.CASCADE, related_name="settings")
    environment = models.CharField(max_length=10, choices=Environment)
    values = models.JSONField(default=dict)
    sealed_bearer_token = models.TextField(blank=True, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["environment"]
        verbose_name_plural = "environment settings"
        constraints = [
            models.UniqueConstraint(fields=["team", "analyst", "environment"], name="settings_of_environment"),
            SameTeam(field="analyst", name="environmentsettings_analyst_same_team"),
        ]

    def __str__(self) -> str:
        return f"{self.get_environment_display()} of {self.analyst}"

    @property
    def bearer_token(self) -> str:
        """The token sent to the environment; empty for none. Shown to nobody but the contract's back end."""
        return unseal(self.sealed_bearer_token, place=self._token_place)

    @bearer_token.setter
    def bearer_token(self, token: str) -> None:
        self.sealed_bearer_token = seal(token, place=self._token_place)

    @property
    def _token_place(self) -> str:
        return f"{self.team_id or current_team_id()}|benchsessions.EnvironmentSettings|{self.pk}|bearer_token"
