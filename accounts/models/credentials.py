"""What people and programs prove themselves with, besides passwords."""

from typing import Final

from django.db import models
from django.utils import timezone

from accounts.models.people import User
from tenants.constraints import SameTeam
from tenants.models import TenantModel


class Scope(models.TextChoices):
    """What a key opens. `users:sync` is for keys of a team alone, never for a person's."""

    ACCOUNT_READ = "account:read", "Read your profile and usage"
    ACCOUNT_WRITE = "account:write", "Change your profile"
    KEYS_READ = "keys:read", "List your API keys"
    KEYS_WRITE = "keys:write", "Make and revoke your API keys"
    AGENTS_READ = "agents:read", "Read your team's agents"
    AGENTS_WRITE = "agents:write", "Manage your team's agents, as far as you may"
    CHATS_READ = "chats:read", "Read your chats"
    CHATS_WRITE = "chats:write", "Write to agents and manage your chats"
    SHARES_READ = "shares:read", "Read the share links of your chats"
    SHARES_WRITE = "shares:write", "Make and revoke share links of your chats"
    BENCH = "bench", "Use bench sessions"
    USERS_SYNC = "users:sync", "Make and link accounts of your team's people"


TEAM_SCOPES: Final = frozenset({Scope.USERS_SYNC, Scope.BENCH})
PERSONAL_SCOPES: Final = frozenset(Scope) - {Scope.USERS_SYNC}


class RefreshSession(TenantModel):
    """One signed-in API client: the family of its rotating refresh tokens.

    Only a keyed hash of the current token and of its parent is kept; see `accounts.tokens`.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refresh_sessions")
    token_hash = models.CharField(max_length=64)
    parent_hash = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    rotated_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]
        constraints = [SameTeam(field="user", name="refreshsession_user_same_team")]
        indexes = [models.Index(fields=["team", "user"], name="refreshsession_by_user")]

    def __str__(self) -> str:
        return f"{self.user_agent or 'client'} since {self.created_at:%Y-%m-%d}"


class ApiKey(TenantModel):
    """A key of a person, or without one, of the team itself. Only a keyed hash of it is kept; see `accounts.keys`.

    The session key is the one that a sync hands out; a person has one at a time.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="api_keys")
    name = models.CharField(max_length=100)
    key_prefix = models.CharField(max_length=20)
    key_hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    allowed_networks = models.JSONField(default=list, blank=True)
    needs_signature = models.BooleanField(default=False)
    is_session_key = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.CharField(max_length=50, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = "API key"
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "key_hash"], name="apikey_hash_in_team"),
            models.UniqueConstraint(
                fields=["team", "user"],
                condition=models.Q(is_session_key=True, revoked_at=None),
                name="apikey_one_session_key",
            ),
            SameTeam(field="user", name="apikey_user_same_team"),
        ]
        indexes = [models.Index(fields=["team", "user"], name="apikey_by_user")]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_prefix}…)"

    @property
    def scope_labels(self) -> list[str]:
        """What the key opens, in words."""
        return [Scope(scope).label for scope in self.scopes if scope in Scope]

    @property
    def has_expired(self) -> bool:
        """Tell whether the key's time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class ExternalIdentity(TenantModel):
    """A person as another provider knows them: (team, provider, subject) says who somebody is, never an e-mail."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    provider = models.CharField(max_length=40)
    subject = models.CharField(max_length=255)
    email = models.EmailField(max_length=254)
    email_verified = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "external identities"
        ordering = ["provider", "subject"]
        constraints = [
            models.UniqueConstraint(fields=["team", "provider", "subject"], name="identity_in_team"),
            SameTeam(field="user", name="identity_user_same_team"),
        ]
        indexes = [models.Index(fields=["team", "user"], name="identity_by_user")]

    def __str__(self) -> str:
        return f"{self.provider}: {self.subject}"
