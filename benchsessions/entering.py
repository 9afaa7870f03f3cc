"""Signing in at the contract: a back end of the team says who somebody is, by eight digits."""

import re
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from benchsessions.models import Analyst
from tenants.exceptions import Invalid
from tenants.managers import find

LOGIN: Final = re.compile(r"[0-9]{8}")


def enter(login: Any) -> Analyst:
    """Return the analyst of a login, made at their first; raise `Invalid` for what is not eight ASCII digits."""
    if not isinstance(login, str) or not LOGIN.fullmatch(login):
        raise Invalid(errors={"login": [_("A login is a text of exactly eight digits.")]})
    analyst = find(Analyst.objects.all(), login=login) or Analyst.objects.get_or_create(login=login)[0]
    analyst.last_login_at = timezone.now()
    analyst.save(update_fields=["last_login_at"])
    return analyst
