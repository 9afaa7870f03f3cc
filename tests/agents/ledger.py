"""Runs booked by hand."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from agents.models import Agent, Run
from tests.factories import RunFactory


def booked(user: User, agent: Agent, at: datetime, *, wait_ms: int | None = None, **fields: Any) -> Run:
    """Book a run that has ended, whose first text came after `wait_ms`."""
    fields = {"status": "complete", "owner": "test", "lease_until": at, **fields}
    first_text_at = None if wait_ms is None else at + timedelta(milliseconds=wait_ms)
    return RunFactory(user=user, agent=agent, started_at=at, first_text_at=first_text_at, **fields)


def this_morning() -> datetime:
    """Return when today began, by UTC."""
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
