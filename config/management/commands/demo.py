"""Make the demo teams, people and agents, and print how to sign in."""

import json
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import CommandError, CommandParser

from accounts.management.tables import TablesCommand
from accounts.models import OPERATORS_SLUG, PERSONAL_SCOPES, TEAM_SCOPES, Role, User
from agents.models import Agent, AgentKind
from agents.versions import keep_version
from config.demo_bench import furnish_bench
from config.demo_keys import WantedKey, working_keys
from tenants.models import Team
from tenants.scope import tenant_scope

AGENT = {
    "name": "Demo agent",
    "kind": AgentKind.DEMO,
    "description": "Answers at once and needs no network. Write anything to see how an answer grows.",
}


class Command(TablesCommand):
    """Make what is missing and leave what is there.

    A password is set when its account is made and never again. Where somebody changed it, it is reported as null:
    nobody knows it then. Rows are made under unique keys, so two runs at once make one of each. The API keys are
    kept in `demo.json` of the data folder, but in production they are new each time and kept nowhere.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
        parser.add_argument(
            "--i-know", action="store_true", help="run in production too, where the passwords are known to all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION and not options["i_know"]:
            raise CommandError("The demo's passwords are public: in production this needs --i-know.")
        demo = make_demo()
        self.stdout.write(json.dumps(demo, indent=2) if options["json"] else table(demo))


def make_demo() -> dict[str, Any]:
    """Make or find everything and return what `--json` prints; programs rely on its names."""
    team, other, operators = (
        Team.objects.get_or_create(slug=slug, defaults={"name": name})[0]
        for slug, name in (("demo", "Demo team"), ("other", "Other team"), (OPERATORS_SLUG, "Operators"))
    )
    operator = account(operators, "operator@demo.example", "Olga Operator", Role.ADMIN, is_superuser=True)
    user = account(team, "user@demo.example", "Uma User")
    own_agent = agent(team)
    furnish_bench(team, user_id=UUID(user["id"]), agent_id=UUID(own_agent["id"]))
    keys = {
        "api_key": WantedKey(team.id, UUID(user["id"]), PERSONAL_SCOPES),
        "service_key": WantedKey(team.id, None, TEAM_SCOPES),
        "other_service_key": WantedKey(other.id, None, TEAM_SCOPES),
    }
    return {
        "base_url": settings.BASE_URL,
        "team": {"id": str(team.id), "slug": team.slug},
        "other_team": {"id": str(other.id), "slug": other.slug},
        "admin": account(team, "admin@demo.example", "Ada Admin", Role.ADMIN),
        "user": user,
        "teammate": account(team, "teammate@demo.example", "Tim Teammate"),
        "outsider": account(other, "outsider@other.example", "Otto Outsider"),
        "other_admin": account(other, "admin@other.example", "Alma Admin", Role.ADMIN),
        "operator": {"username": operator["email"], "password": operator["password"]},
        "agent": own_agent,
        "other_agent": agent(other),
        **working_keys(keys, file=None if settings.PRODUCTION else settings.DATA_DIR / "demo.json"),
    }


def account(
    team: Team, email: str, full_name: str, role: Role = Role.USER, *, is_superuser: bool = False
) -> dict[str, str | None]:
    """Make or find one person; the password is None where it was changed."""
    password = f"parley-{email.partition('@')[0]}-demo"
    fields = {
        "full_name": full_name,
        "role": role,
        "tier_id": "team",
        "is_superuser": is_superuser,
        "password": partial(make_password, password),  # called for a new account only
    }
    with tenant_scope(team.id):
        user, created = User.objects.get_or_create(email=email, defaults=fields)
        known = created or user.check_password(password)
    return {"id": str(user.id), "email": user.email, "password": password if known else None}


def agent(team: Team) -> dict[str, str]:
    """Make or find the team's demo agent; its id follows from the team's."""
    with tenant_scope(team.id):
        found, created = Agent.objects.get_or_create(id=uuid5(team.id, "demo agent"), defaults=AGENT)
        if created:
            keep_version(found, by=None)
    return {"id": str(found.id)}


def table(demo: dict[str, Any]) -> str:
    """Write the sign-ins and the keys for people."""
    lines = [f"Parley at {demo['base_url']}", ""]
    for who in ("user", "teammate", "admin", "outsider", "other_admin", "operator"):
        person = demo[who]
        name = person.get("email") or person["username"]
        lines.append(f"  {who:<12} {name:<24} {person['password'] or '(the password was changed)'}")
    lines += ["", f"  API key of user            {demo['api_key']}"]
    for which, team in (("service_key", "team"), ("other_service_key", "other_team")):
        lines.append(f"  {'service key of ' + demo[team]['slug']:<26} {demo[which]}")
    return "\n".join(lines)
