"""Where questions are sent."""

import json

from django.db import models

from agents.models import Agent
from tenants.constraints import SameTeam
from tenants.models import TenantModel
from tenants.scope import current_team_id
from tenants.secrets import seal, unseal


class Environment(models.TextChoices):
    """The three environments of the contract."""

    IFT = "ift", "IFT"
    PSI = "psi", "PSI"
    PROD = "prod", "PROD"


class ApiMode(models.TextChoices):
    """How a RAG service is asked: the whole list at once, or one question at a time."""

    BENCH = "bench", "Bench"
    BACKEND = "backend", "Backend"


class Target(TenantModel):
    """What stands behind an environment of a team: an agent, or a RAG endpoint by an address for each mode.

    An empty address means that the mode is not offered; an agent is asked one by one. Headers are sealed as a whole,
    since any may carry a secret; a value may name settings of the person who asks, like `{platformId}`.
    """

    environment = models.CharField(max_length=10, choices=Environment)
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    bench_url = models.CharField("address for whole lists", max_length=2000, blank=True)
    backend_url = models.CharField("address for single questions", max_length=2000, blank=True)
    sealed_headers = models.TextField(blank=True, editable=False)
    max_concurrent = models.PositiveSmallIntegerField("questions at once", default=4)
    answer_seconds = models.PositiveIntegerField("seconds for one answer", default=120)
    list_seconds = models.PositiveIntegerField("seconds for a whole list", default=1800)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        ordering = ["environment"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="target_team_key"),
            models.UniqueConstraint(fields=["team", "environment"], name="target_of_environment"),
            SameTeam(field="agent", name="target_agent_same_team"),
        ]

    def __str__(self) -> str:
        return self.get_environment_display()

    @property
    def headers(self) -> dict[str, str]:
        """The headers sent to the endpoint besides the person's own token. Never show their values."""
        kept: dict[str, str] = json.loads(unseal(self.sealed_headers, place=self._headers_place) or "{}")
        return kept

    @headers.setter
    def headers(self, headers: dict[str, str]) -> None:
        self.sealed_headers = seal(json.dumps(headers) if headers else "", place=self._headers_place)

    @property
    def _headers_place(self) -> str:
        return f"{self.team_id or current_team_id()}|benchsessions.Target|{self.pk}|headers"

    @property
    def modes(self) -> list[ApiMode]:
        """The modes it can be asked in."""
        if self.agent_id is not None:
            return [ApiMode.BACKEND]
        offered = {ApiMode.BENCH: self.bench_url, ApiMode.BACKEND: self.backend_url}
        return [mode for mode, url in offered.items() if url]
