"""Define tiers and give them to people, from a terminal."""

import json
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from accounts.actions import tiers
from accounts.management.naming import named_person, named_team, named_tier, refusal
from accounts.management.tables import TablesCommand
from accounts.models import Tier
from tenants.exceptions import ParleyError
from tenants.scope import tenant_scope

UNLIMITED = "unlimited"


class Command(TablesCommand):
    help = "Define tiers, which say how many calls of agents people may make, and give them to people."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        define = verbs.add_parser("define", help="Add a tier, or change the limits of the one there is.")
        given = verbs.add_parser("set", help="Give a person a tier.")
        listed = verbs.add_parser("list", help="List the tiers.")
        define.add_argument("name", help="Letters, digits, hyphens.")
        for name in ("--requests-per-hour", "--runs-per-month"):
            define.add_argument(name, type=limit, metavar="N", help=f"A number, or {UNLIMITED}, as it is if left out.")
        given.add_argument("--team", required=True, help="Slug or id.")
        given.add_argument("--user", required=True, metavar="EMAIL")
        given.add_argument("tier")
        listed.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        verbs: dict[str, Callable[..., None]] = {"define": self.define, "set": self.set, "list": self.list}
        verbs[options["verb"]](**options)

    def define(self, *, name: str, requests_per_hour: int | None, runs_per_month: int | None, **options: Any) -> None:
        try:
            tier = tiers.define_tier(name=name, requests_per_hour=requests_per_hour, runs_per_month=runs_per_month)
        except ParleyError as error:
            raise refusal(error) from None
        self.stdout.write(line(tier))

    def set(self, *, team: str, user: str, tier: str, **options: Any) -> None:
        person = named_person(user, named_team(team))
        found = named_tier(tier)
        with tenant_scope(person.team_id):
            tiers.set_tier(user=person, tier=found)
        self.stdout.write(f"{person.email} is in the tier {found}.")

    def list(self, **options: Any) -> None:
        rows = Tier.objects.all()
        if options["json"]:
            fields = ("name", "requests_per_hour", "runs_per_month")
            self.stdout.write(json.dumps({"tiers": list(rows.values(*fields))}))
            return
        for tier in rows:
            self.stdout.write(line(tier))


def limit(text: str) -> int | None:
    """Read a limit; None is no limit."""
    if text == UNLIMITED:
        return None
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"a number or {UNLIMITED}, not {text!r}") from None


def line(tier: Tier) -> str:
    """Write a tier for people."""
    hour, month = (
        UNLIMITED if number is None else str(number) for number in (tier.requests_per_hour, tier.runs_per_month)
    )
    return f"{tier.name}: {hour} call{'' if tier.requests_per_hour == 1 else 's'} an hour, {month} a month"
