"""Make, list and revoke API keys from a terminal."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from accounts.actions import keys
from accounts.management.naming import named_person, named_team, refusal
from accounts.management.tables import TablesCommand
from accounts.models import ApiKey, Scope
from accounts.names import printable
from tenants.exceptions import ParleyError
from tenants.managers import find
from tenants.scope import tenant_scope


class Command(TablesCommand):
    help = "Make, list and revoke API keys of people and teams."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="Make a key and print it, once.")
        listed = verbs.add_parser("list", help="List a team's keys.")
        revoke = verbs.add_parser("revoke", help="Revoke a key for good.")
        for verb in (create, listed, revoke):
            verb.add_argument("--team", required=True, help="Slug or id.")
        create.add_argument("--user", metavar="EMAIL", help="Whose key it is; the team's own unless given.")
        create.add_argument(
            "--scope",
            action="append",
            required=True,
            help=f"What it opens, repeated or with commas between: {', '.join(Scope)}.",
        )
        create.add_argument("--name", default="API Key", help="What it is called in lists.")
        create.add_argument("--expires-days", type=int, metavar="N", help="Without end unless given.")
        create.add_argument("--allow", action="append", default=[], metavar="CIDR", help="A network it is good from.")
        create.add_argument("--needs-signature", action="store_true", help="Take signed requests only.")
        for verb in (create, listed):
            verb.add_argument("--json", action="store_true", help="Print JSON.")
        revoke.add_argument("id", help="The key's id, as the list shows it.")

    def handle(self, *args: Any, **options: Any) -> None:
        verbs: dict[str, Callable[..., None]] = {"create": self.create, "list": self.list, "revoke": self.revoke}
        verbs[options["verb"]](**options)

    def create(self, *, team: str, user: str | None, scope: list[str], name: str, **options: Any) -> None:
        """Print the key alone on stdout, so that a script can take it, and what it is on stderr."""
        found = named_team(team)
        person = named_person(user, found) if user else None
        try:
            ApiKey._meta.get_field("name").run_validators(name)
            printable(name)
            with tenant_scope(found.id):
                key, text = keys.create_key(
                    team_id=found.id,
                    user=person,
                    name=name,
                    scopes=named_scopes(scope),
                    expires_days=options["expires_days"],
                    allowed_networks=options["allow"],
                    needs_signature=options["needs_signature"],
                )
        except ValidationError as error:
            raise CommandError(f"name: {' '.join(error.messages)}") from None
        except ParleyError as error:
            raise refusal(error) from None
        if options["json"]:
            self.stdout.write(json.dumps({"api_key": text, **shown(key)}))
            return
        whose = person.email if person else f"the team {found.slug}"
        self.stderr.write(f"A key of {whose} with the id {key.id}. It is shown this once:")
        self.stdout.write(text)

    def list(self, *, team: str, **options: Any) -> None:
        """Print the keys that were not revoked, the newest first."""
        with tenant_scope(named_team(team).id):
            rows = list(ApiKey.objects.filter(revoked_at=None).select_related("user"))
        if options["json"]:
            self.stdout.write(json.dumps({"api_keys": [shown(key) for key in rows], "total": len(rows)}))
            return
        for key in rows:
            used = f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never"
            whose = key.user.email if key.user else "(the team)"
            ends = f"expires {key.expires_at:%Y-%m-%d}" if key.expires_at else "no expiry"
            what = " ".join(key.scopes)
            self.stdout.write(f"{key.id}  {key.key_prefix}…  {whose}  {key.name}  used {used}  {ends}  {what}")

    def revoke(self, *, team: str, id: str, **options: Any) -> None:  # noqa: A002 - the argument's own name
        with tenant_scope(named_team(team).id):
            key = find(ApiKey.objects.select_related("user"), id=_uuid(id))
            if key is None:
                raise CommandError(f"The team {team!r} has no key with the id {id}.")
            try:
                keys.revoke_key(user=key.user, key_id=key.id)
            except ParleyError:
                raise CommandError(f"The key {id} was revoked before.") from None
        self.stdout.write(f"Revoked {key}.")


def named_scopes(given: list[str]) -> list[str]:
    """Take lists of scopes with commas between apart; refuse what is none."""
    scopes = [scope.strip() for part in given for scope in part.split(",") if scope.strip()]
    for scope in scopes:
        if scope not in Scope.values:
            raise CommandError(f"There is no scope {scope!r}; the scopes are {', '.join(Scope)}.")
    return scopes


def shown(key: ApiKey) -> dict[str, Any]:
    """Return what is told of a key afterwards, for programs."""
    return {
        "id": str(key.id),
        "name": key.name,
        "key_prefix": key.key_prefix,
        "user": key.user.email if key.user else None,
        "scopes": key.scopes,
        "allowed_networks": key.allowed_networks,
        "needs_signature": key.needs_signature,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
    }


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CommandError(f"{text!r} is no id of a key.") from None
