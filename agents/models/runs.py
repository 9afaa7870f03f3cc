"""The ledger of every call of an agent."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from agents.models.agents import Agent, AgentVersion
from tenants.constraints import SameTeam
from tenants.models import TenantModel


class RunPurpose(models.TextChoices):
    """Why an agent was called."""

    CHAT = "chat", "Chat"
    API = "api", "A program"
    SHARE = "share", "A visitor of a share link"
    BENCH = "bench", "A bench session"
    TEST = "test", "A test by its owner"


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
    `admitted_at` is empty while the run waits in line. `steps` are those of a test, see `agents.diagnosis`.
    """

    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="runs")
    agent_name = models.CharField(max_length=200)
    version = models.ForeignKey(AgentVersion, on_delete=models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="runs")
    purpose = models.CharField(max_length=20, choices=RunPurpose)
    status = models.CharField(max_length=20, choices=RunStatus, default=RunStatus.RUNNING)
    charged = models.BooleanField(default=True, help_text="Counts towards the limits of the person's tier.")
    owner = models.CharField(max_length=200)
    lease_until = models.DateTimeField()
    stop_requested_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    admitted_at = models.DateTimeField(null=True, blank=True)
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
    steps = models.JSONField(null=True, blank=True)

    is_trial = False  # whether a run just booked tries an agent that was left alone; kept by who drives it

    class Meta(TenantModel.Meta):
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="run_team_key"),
            SameTeam(field="agent", name="run_agent_same_team"),
            SameTeam(field="user", name="run_user_same_team"),
            SameTeam(field="version", name="run_version_same_team"),
        ]
        indexes = [
            models.Index(fields=["team", "-started_at"], name="run_by_start"),
            models.Index(
                fields=["team", "user", "-started_at"], name="run_charged_by_user", condition=models.Q(charged=True)
            ),
            models.Index(fields=["team", "agent", "-started_at"], name="run_by_agent"),
            models.Index(fields=["lease_until"], condition=models.Q(status="running"), name="run_live_by_lease"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_name}, {self.started_at:%Y-%m-%d %H:%M:%S}"
