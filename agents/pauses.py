"""How long an agent is still left alone: exactly for programs, roughly and never too short for people."""

from datetime import datetime
from math import ceil

from django.utils import timezone

STEP = 10


def seconds_left(until: datetime) -> int:
    """Return the whole seconds until a moment, at least one."""
    return max(1, ceil((until - timezone.now()).total_seconds()))


def words_left(until: datetime) -> str:
    """Return the time until a moment in words: "about 30 seconds", "about 5 minutes"."""
    seconds = ceil(seconds_left(until) / STEP) * STEP
    if seconds < 60:
        return f"about {seconds} seconds"
    minutes = ceil(seconds / 60)
    return "about a minute" if minutes == 1 else f"about {minutes} minutes"
