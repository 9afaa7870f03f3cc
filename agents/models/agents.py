"""Agents, who may use them, and what they were before."""

from typing import Any, Final
from uuid import UUID

from django.db import models
from django.utils.text import slugify

from accounts.models import User
from tenants.constraints import SameTeam
from tenants.models import TenantModel
from tenants.scope import current_team_id
from tenants.secrets import mask, seal, unseal

MAX_NAME_IN_SLUG: Final = 80


class AgentKind(models.TextChoices):
    """How an agent is spoken to; `agents.kinds` has a module for each."""

    WEBHOOK = "webhook", "Webhook (n8n or any HTTP endpoint)"
    OPENAI = "openai", "OpenAI-compatible endpoint"
    OLLAMA = "ollama", "Ollama"
    DIFY = "dify", "Dify"
    FLOWISE = "flowise", "Flowise"
    LANGFLOW = "langflow", "Langflow"
    LANGSERVE = "langserve", "LangServe"
    AGUI = "agui", "AG-UI"
    VERCEL = "vercel", "Vercel AI SDK"
    A2A = "a2a", "A2A (Agent2Agent)"
    DEMO = "demo", "Built-in demo"


class AuthKind(models.TextChoices):
    """How an agent is shown its secret."""

    NONE = "none", "None"
    BEARER = "bearer", "Authorization: Bearer"
    HEADER = "header", "A header of its own"
    BASIC = "basic", "User name and password (Basic)"


class Audience(models.TextChoices):
    """Who of the team may talk to an agent."""

    ALL = "all", "Everybody in the team"
    CHOSEN = "chosen", "Chosen people"


def slug_from(name: str, pk: UUID | None = None) -> str:
    """Return an agent's name for programs; with its id, one that no other agent has."""
    slug = slugify(name, allow_unicode=True)[:MAX_NAME_IN_SLUG].strip("-_") or "agent"
    return f"{slug}-{pk.hex[:12]}" if pk else slug


class Agent(TenantModel):
    """An agent of the team: where it lives, how it is spoken to, what it is told.

    `failures` counts failed calls in a row and `paused_until` says until when nobody calls it; see `agents.breaker`.
    """

    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=200)
    slug = models.SlugField(
        max_length=100, allow_unicode=True, db_index=False, editable=False, help_text="Its name for programs; it stays."
    )
    description = models.TextField(blank=True, max_length=2000)
    kind = models.CharField(max_length=20, choices=AgentKind, default=AgentKind.WEBHOOK)
    webhook_url = models.CharField(max_length=2000, blank=True)
    auth_kind = models.CharField(max_length=20, choices=AuthKind, default=AuthKind.BEARER)
    auth_name = models.CharField(
        max_length=200, blank=True, help_text="The name of the header, or the user name of Basic."
    )
    sealed_webhook_token = models.TextField(blank=True, editable=False)
    user_agent = models.CharField(max_length=300, blank=True, help_text="Sent as User-Agent; empty means the default.")
    system_prompt = models.TextField(blank=True, max_length=100_000)
    avatar = models.TextField(null=True, blank=True)  # noqa: DJ001 - the contract answers null for none
    config = models.JSONField(default=dict, blank=True)
    limits = models.JSONField(default=dict, blank=True, help_text="Seconds and bytes; empty means the defaults.")
    max_concurrent = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many calls at once; others wait in line. Empty means no limit."
    )
    audience = models.CharField(max_length=20, choices=Audience, default=Audience.ALL)
    is_active = models.BooleanField(default=True)
    version = models.ForeignKey(
        "AgentVersion", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    failures = models.PositiveIntegerField(default=0, editable=False)
    paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="agent_team_key"),
            models.UniqueConstraint(fields=["team", "slug"], name="agent_slug"),
            SameTeam(field="created_by", name="agent_created_by_same_team"),
            SameTeam(field="version", name="agent_version_same_team"),
        ]
        indexes = [models.Index(fields=["team", "name"], name="agent_by_name")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.claim_team()
            self.slug = slug_from(self.name)
            if Agent.objects.filter(team_id=self.team_id, slug=self.slug).exists():
                self.slug = slug_from(self.name, self.pk)
        super().save(*args, **kwargs)

    @property
    def webhook_token(self) -> str:
        """The secret sent to the agent; empty for none. Never show it: see `masked_token`."""
        return unseal(self.sealed_webhook_token, place=self._token_place)

    @webhook_token.setter
    def webhook_token(self, secret: str) -> None:
        self.sealed_webhook_token = seal(secret, place=self._token_place)

    @property
    def masked_token(self) -> str | None:
        """What may be shown of the secret."""
        return mask(self.webhook_token)

    @property
    def lacks_token(self) -> bool:
        """Tell whether the agent is to be shown a secret that nobody gave.

        A bearer token need not be there: an agent that people talk to without one lacks nothing.
        """
        if self.kind == AgentKind.DEMO or self.sealed_webhook_token or self.auth_kind == AuthKind.NONE:
            return False
        return self.auth_kind != AuthKind.BEARER or not self.is_active

    @property
    def _token_place(self) -> str:
        return f"{self.team_id or current_team_id()}|agents.Agent|{self.pk}|webhook_token"


class AgentMember(TenantModel):
    """Somebody an agent was given to whose audience is chosen."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["team", "agent", "user"], name="agentmember_once"),
            SameTeam(field="agent", name="agentmember_agent_same_team"),
            SameTeam(field="user", name="agentmember_user_same_team"),
        ]

    def __str__(self) -> str:
        return f"{self.user} may use {self.agent}"


class AgentVersion(TenantModel):
    """What an agent was told and how it was called from one change to the next. It holds no secret.

    `settings` are those of `agents.portable`. A version outlives its agent, for the runs that used it.
    """

    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="versions")
    number = models.PositiveIntegerField()
    settings = models.JSONField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="agentversion_team_key"),
            models.UniqueConstraint(fields=["team", "agent", "number"], name="agentversion_number"),
            SameTeam(field="agent", name="agentversion_agent_same_team"),
            SameTeam(field="created_by", name="agentversion_created_by_same_team"),
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"
