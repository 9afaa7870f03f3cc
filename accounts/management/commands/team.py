"""Manage teams from a terminal."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_domain_name
from django.db import transaction

from accounts import audit
from accounts.audit import AuditAction
from accounts.management.naming import named_tier
from accounts.management.tables import TablesCommand
from tenants.models import Registration, Team


class Command(TablesCommand):
    help = "Manage teams."

    def add_arguments(self, parser: CommandParser) -> None:
        create = parser.add_subparsers(dest="verb", required=True).add_parser("create", help="Open a team.")
        create.add_argument("--name", required=True, help="What people call it.")
        create.add_argument("--slug", required=True, help="Its short name in addresses: letters, digits, hyphens.")
        create.add_argument(
            "--registration",
            choices=Registration.values,
            help="Who may register (default: people with an e-mail of the domains, or else invited people only).",
        )
        create.add_argument("--domains", default="", help="E-mail domains, separated by commas.")
        create.add_argument("--max-users", type=int, help="How many active people it may have.")
        create.add_argument("--tier", help="The tier of people who join (default: the one that allows nothing).")
        create.add_argument("--json", action="store_true", help="Print the team as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        team = Team(name=options["name"], slug=options["slug"], settings=team_settings(**options))
        try:
            team.full_clean()
        except ValidationError as error:
            sentences = [f"{field}: {' '.join(found)}" for field, found in error.message_dict.items()]
            raise CommandError("\n".join(sentences)) from None
        with transaction.atomic():
            team.save()
            audit.record(AuditAction.TEAM_CREATED, team_id=team.id, target=team)
        if options["json"]:
            told = ("name", "slug", "settings", "is_active")
            shown = {"id": str(team.id), **{field: getattr(team, field) for field in told}}
            self.stdout.write(json.dumps(shown))
        else:
            self.stdout.write(f"Opened the team {team.name} ({team.slug}) with the id {team.id}.")


def team_settings(
    *, registration: str | None, domains: str, max_users: int | None, tier: str | None, **others: Any
) -> dict[str, Any]:
    """Return the settings a team begins with; refuse those that contradict each other."""
    email_domains = [domain.strip().lower().removeprefix("@") for domain in domains.split(",") if domain.strip()]
    registration = registration or (Registration.DOMAINS if email_domains else Registration.INVITE).value
    try:
        for domain in email_domains:
            validate_domain_name(domain)
    except ValidationError:
        raise CommandError(f"{domain!r} is no domain of e-mail addresses.") from None
    if bool(email_domains) != (registration == Registration.DOMAINS):
        raise CommandError("--domains and --registration domains belong together.")
    if max_users is not None and max_users < 1:
        raise CommandError("--max-users must be at least 1.")
    settings: dict[str, Any] = {"registration": registration}
    if email_domains:
        settings["email_domains"] = email_domains
    if max_users is not None:
        settings["max_users"] = max_users
    if tier is not None:
        settings["default_tier"] = named_tier(tier).name
    return settings
