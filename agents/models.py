"""Agents, and the ledger of every call of one."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from tenants.constraints import SameTeam
from tenants.models import TenantModel
from tenants.scope import current_team_id
from tenants.secrets import mask, seal, unseal


class AgentKind(models.TextChoices):
    """How an agent is spoken to."""

    WEBHOOK = "webhook", "Webhook (n8n or any HTTP endpoint)"
    OPENAI = "openai", "OpenAI-compatible endpoint"
    DEMO = "demo", "Built-in demo"


class Agent(TenantModel):
    """An agent of the team: where it lives, how it is spoken to, what it is told."""

    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=2000)
    kind = models.CharField(max_length=20, choices=AgentKind, default=AgentKind.WEBHOOK)
    webhook_url = models.CharField(max_length=2000, blank=True)
    sealed_webhook_token = models.TextField(blank=True, editable=False)
    system_prompt = models.TextField(blank=True, max_length=100_000)
    avatar = models.TextField(null=True, blank=True)  # noqa: DJ001 - the contract answers null for none
    config = models.JSONField(default=dict, blank=True)
    limits = models.JSONField(default=dict, blank=True, help_text="Seconds and bytes; empty means the defaults.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="agent_team_key"),
            SameTeam(field="created_by", name="agent_created_by_same_team"),
        ]
        indexes = [models.Index(fields=["team", "name"], name="agent_by_name")]

    def __str__(self) -> str:
        return self.name

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
    def _token_place(self) -> str:
        return f"{self.team_id or current_team_id()}|agents.Agent|{self.pk}|webhook_token"


class RunPurpose(models.TextChoices):
    """Why an agent was called."""

    CHAT = "chat", "Chat"


class RunStatus(models.TextChoices):
    """How a call stands; all but the first are final."""

    RUNNING = "running", "Running"
    COMPLETE = "complete", "Complete"
    STOPPED = "stopped", "Stopped by a person"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted by a restart"


class Run(TenantModel):
    """One call of an agent: the ledger that quotas and analytics read. It holds no text of anybody.

    `owner` is the channel of the process that calls the agent; its lease says until when it is believed alive.
    """

    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="runs")
    agent_name = models.CharField(max_length=200)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="runs")
    purpose = models.CharField(max_length=20, choices=RunPurpose)
    status = models.CharField(max_length=20, choices=RunStatus, default=RunStatus.RUNNING)
    charged = models.BooleanField(default=True, help_text="Counts towards the limits of the person's tier.")
    owner = models.CharField(max_length=200)
    lease_until = models.DateTimeField()
    stop_requested_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    first_text_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    chars_in = models.PositiveIntegerField(default=0)
    chars_out = models.PositiveIntegerField(default=0)
    bytes_in = models.PositiveBigIntegerField(default=0)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    wire_format = models.CharField(max_length=40, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    diagnosis = models.TextField(blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="run_team_key"),
            SameTeam(field="agent", name="run_agent_same_team"),
            SameTeam(field="user", name="run_user_same_team"),
        ]
        indexes = [
            models.Index(fields=["team", "-started_at"], name="run_by_start"),
            models.Index(
                fields=["team", "user", "-started_at"], name="run_charged_by_user", condition=models.Q(charged=True)
            ),
            models.Index(fields=["lease_until"], condition=models.Q(status="running"), name="run_live_by_lease"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_name}, {self.started_at:%Y-%m-%d %H:%M:%S}"
