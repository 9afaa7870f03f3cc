"""Resetting a forgotten password by mail."""

from django.conf import settings
from django.db import transaction

from accounts import audit, limits, mail, queries
from accounts.actions import people
from accounts.addresses import Address
from accounts.audit import AuditAction
from accounts.exceptions import ResetLinkInvalid
from accounts.links import ResetToken
from accounts.models import User, normalise_email
from tenants.managers import find
from tenants.scope import tenant_scope


def ask_for_reset(*, email: str, address: Address | None) -> None:
    """Have links sent to an e-mail, one for each account it has; whether it has any is not told, nor by the time.

    Raises `TooManyRequests` beyond the limits, also where there is no account.
    """
    limits.count_reset(email=normalise_email(email), address=address)
    mail.in_background(_send_links, email)


def _send_links(email: str) -> None:
    accounts = queries.accounts_named(email=email, team=None)
    if not accounts:
        return
    for user in accounts:
        audit.record(AuditAction.PASSWORD_RESET_ASKED, team_id=user.team_id, target=user)
    links = [(mail.one_line(user.team.name), ResetToken.of(user).link) for user in accounts]
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    mail.send(to=accounts[0].email, template="password_reset", links=links, hours=hours)


def reset_password(*, token: ResetToken, password: str) -> User:
    """Give the person of a link a new password, once, and end their sessions; raise `ResetLinkInvalid`."""
    with transaction.atomic(), tenant_scope(token.team_id):
        # Locked, so that of two with the same link the second finds it used.
        find(User.objects.select_for_update(), id=token.user_id)
        person = queries.person_of_reset(token)
        if person is None:
            raise ResetLinkInvalid()
        people.change_password(user=person, password=password, recorded_as=AuditAction.PASSWORD_RESET)
        User.objects.filter(pk=person.pk).update(email_unverified=False)  # the link was mailed there
    return person
