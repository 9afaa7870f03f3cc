"""Asking the questions of a session, which survives the process that does it."""

import uuid

from django.db import models
from django.utils import timezone

from benchsessions.models.people import Analyst
from benchsessions.models.sessions import BenchSession
from tenants.constraints import SameTeam
from tenants.models import TenantModel


class RunState(models.TextChoices):
    """How the asking stands; only a running one has an owner."""

    RUNNING = "running", "Running"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Stopped by errors"
    DONE = "done", "Done"


class BenchRun(TenantModel):
    """The asking of one session: what is left to do are its items that are due, never a counter.

    `owner` is the process that asks; its lease says until when it is believed alive, after which any other takes the
    run over. `dialogue_id` names the conversation in which questions are asked in order. `batch_size` is how many
    questions go into one call of the bench mode, 0 for all. `n_due` is how many questions it set out to ask at
    `resumed_at`, `n_asked` how many of them are behind it: both are for showing only. `n_crashes` is how many processes
    died with it since then.
    """

    session = models.ForeignKey(BenchSession, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=10, choices=RunState, default=RunState.RUNNING)
    started_by = models.ForeignKey(Analyst, on_delete=models.SET_NULL, null=True, related_name="+")
    dialogue_id = models.UUIDField(default=uuid.uuid4)
    in_order = models.BooleanField(default=False)
    with_classify = models.BooleanField(default=False)
    batch_size = models.PositiveIntegerField(default=0)
    max_concurrent = models.PositiveSmallIntegerField(default=1)
    stop_after_errors = models.PositiveIntegerField(default=10)
    errors_in_row = models.PositiveIntegerField(default=0)
    n_crashes = models.PositiveIntegerField(default=0)
    owner = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True)
    stop_requested_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(default=timezone.now)
    resumed_at = models.DateTimeField(default=timezone.now)
    n_due = models.PositiveIntegerField(default=0)
    n_asked = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    sentence = models.CharField(max_length=500, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["team", "session"], name="benchrun_of_session"),
            SameTeam(field="session", name="benchrun_session_same_team"),
            SameTeam(field="started_by", name="benchrun_starter_same_team"),
        ]
        indexes = [models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="benchrun_by_lease")]

    def __str__(self) -> str:
        return f"Run of {self.session}"
