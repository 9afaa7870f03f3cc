"""Tiers: how much people may ask of agents."""

from typing import Any, Final

from django.core.validators import validate_slug
from django.db import models

NO_TIER: Final = "none"
# (name, calls an hour, calls a month); None is no limit.
TO_BEGIN_WITH: Final = (
    (NO_TIER, 0, 0),
    ("free", 20, 200),
    ("pro", 200, 5000),
    ("team", None, None),
)


class Tier(models.Model):
    """What the people of a tier may ask of agents; the same for every team. Who is in `none` may ask nothing."""

    name = models.CharField(max_length=40, primary_key=True, validators=[validate_slug])
    requests_per_hour = models.PositiveIntegerField(
        "agent calls an hour", null=True, blank=True, help_text="Empty is no limit."
    )
    runs_per_month = models.PositiveIntegerField(
        "agent calls a month", null=True, blank=True, help_text="Empty is no limit."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def allows_nothing(self) -> bool:
        """Tell whether a limit is zero."""
        return 0 in {self.requests_per_hour, self.runs_per_month}

    @property
    def has_limits(self) -> bool:
        """Tell whether calls have to be counted."""
        return self.requests_per_hour is not None or self.runs_per_month is not None


def begin_with_tiers(model: type[Any]) -> None:
    """Add the tiers to begin with to an installation that has none yet."""
    if not model.objects.exists():
        model.objects.bulk_create(
            model(name=name, requests_per_hour=hour, runs_per_month=month) for name, hour, month in TO_BEGIN_WITH
        )
