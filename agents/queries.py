"""Reads of agents that more than one caller needs."""

from django.db.models import QuerySet

from agents.models import Agent


def agents(*, include_inactive: bool = False) -> QuerySet[Agent]:
    """Return the team's agents by name: those that can be talked to, or all."""
    found = Agent.objects.all()
    return found if include_inactive else found.filter(is_active=True)
