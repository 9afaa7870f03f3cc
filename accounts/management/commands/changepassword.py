"""Give a person a new password from a terminal, in place of Django's command, which knows no teams."""

from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import queries
from accounts.actions import people
from accounts.models import OPERATORS_SLUG, User
from tenants.scope import tenant_scope


class Command(BaseCommand):
    help = "Give a person a new password and sign them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--team", default=OPERATORS_SLUG, help="Slug or id; the operators' team unless given.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the password twice and set it."""
        found = queries.accounts_named(email=options["email"], team=options["team"])
        if not found:
            raise CommandError(f"The team {options['team']!r} has no active person with the e-mail {options['email']}.")
        password = self._asked(found[0])
        with tenant_scope(found[0].team_id):
            people.change_password(user=found[0], password=password)
        self.stdout.write(f"{found[0].email} has a new password.")

    def _asked(self, user: User) -> str:
        password = getpass("New password: ")
        if password != getpass("The same again: "):
            raise CommandError("These are two different passwords; nothing was changed.")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        return password
