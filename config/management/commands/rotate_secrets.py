"""Seal every stored secret again under the first of FIELD_KEYS."""

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

import agents.actions
import benchsessions.environments
import benchsessions.targets
import sharing.actions
from tenants.secrets import UnreadableSecret

RESEALING: Final = (
    agents.actions.reseal_tokens,
    sharing.actions.reseal_tokens,
    benchsessions.environments.reseal_tokens,
    benchsessions.targets.reseal_headers,
)


class Command(BaseCommand):
    help = "Seal every stored secret again under the first of FIELD_KEYS; then the older keys can go."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate all; safe to repeat, and stops at a secret that no key opens."""
        try:
            count = sum(reseal() for reseal in RESEALING)
        except UnreadableSecret as error:
            raise CommandError(f"{error} Put the key it was sealed with back into FIELD_KEYS.") from error
        self.stdout.write(f"{count} secrets are sealed with the first key.")
