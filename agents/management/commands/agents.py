"""Look after agents from a terminal."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from agents import health
from agents.health import Health
from tenants.scope import unsafe_all_tenants


class Command(BaseCommand):
    help = "Look after agents."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        told = verbs.add_parser("health", help="Tell how all teams' agents did in the last 24 hours.")
        told.add_argument("--json", action="store_true", help="Print a list of objects as JSON, for monitoring.")

    def handle(self, *args: Any, **options: Any) -> None:
        with unsafe_all_tenants(reason="the health of all agents"):
            found = health.of_all()
        if options["json"]:
            self.stdout.write(json.dumps([as_json(one) for one in found]))
            return
        for one in found:
            rate = "no call ended" if one.error_percent is None else f"{one.error_percent:.1f} % failed"
            paused = f", paused until {one.paused_until:%H:%M:%S} UTC" if one.is_paused else ""
            self.stdout.write(f"{one.team} / {one.agent}: {one.calls} calls, {rate}{paused}")


def as_json(one: Health) -> dict[str, Any]:
    """Return how an agent does under names that stay."""
    return {
        "agent_id": str(one.agent_id),
        "agent": one.agent,
        "team": one.team,
        "calls": one.calls,
        "failures": one.failures,
        "error_rate": one.error_rate,
        "first_text_p50_seconds": one.wait.p50,
        "first_text_p95_seconds": one.wait.p95,
        "failures_in_row": one.failures_in_row,
        "paused_until": one.paused_until.isoformat() if one.is_paused and one.paused_until else None,
        "at": timezone.now().isoformat(),
    }
