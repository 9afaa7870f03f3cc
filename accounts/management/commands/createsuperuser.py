"""Django's command, which also records the operator it makes."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.core.management.base import CommandError
from django.db import IntegrityError
from django.db.models.signals import post_save

from accounts import audit
from accounts.audit import AuditAction
from accounts.models import User


class Command(createsuperuser.Command):
    help = "Add an operator of the installation."

    def handle(self, *args: Any, **options: Any) -> None:
        post_save.connect(record_operator, sender=User)
        try:
            super().handle(*args, **options)
        except IntegrityError:
            raise CommandError("There is an operator with this e-mail already.") from None
        finally:
            post_save.disconnect(record_operator, sender=User)


def record_operator(instance: User, **kwargs: Any) -> None:
    """Record it in the operators' own log."""
    audit.record(AuditAction.PERSON_ADDED, team_id=instance.team_id, target=instance)
