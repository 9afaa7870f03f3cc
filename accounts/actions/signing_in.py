"""Proving who somebody is, and the sessions of pages."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest

from accounts import audit, limits, queries
from accounts.addresses import Address
from accounts.audit import AuditAction
from accounts.exceptions import BadCredentials, TeamRequired
from accounts.models import User, normalise_email
from accounts.principal import Principal, Proof
from accounts.resolver import SESSION_TEAM_KEY
from tenants.scope import tenant_scope


def prove_password(*, email: str, password: str, team: str | None, address: Address | None) -> User:
    """Return the person whose password this is.

    Every try counts, and a failure costs the same whether or not there is such an account. Without a team, people
    who have the same password in several teams are asked which one they mean, but only after they proved it.
    Not atomic: a refusal must not undo the count of its try.
    """
    limits.count_sign_in(address=address)
    attempt = limits.begin_attempt(email=normalise_email(email))
    accounts = queries.accounts_named(email=email, team=team)
    proved = [user for user in accounts if _knows_password(user, password)]
    if not proved:
        # Without a team a failure always costs two hashes, so that it does not tell one account from two or none.
        for _ in range(len(accounts), 1 if team else 2):
            make_password(password)
        _record_failure(*queries.accounts_named(email=email, team=team, include_inactive=True))
        raise BadCredentials()
    attempt.forgive()
    if len(proved) > 1:
        raise TeamRequired([user.team for user in proved])
    return proved[0]


def prove_own_password(*, user: User, password: str) -> None:
    """Prove a signed-in person's password once more; failures count for the account."""
    attempt = limits.begin_attempt(email=user.email)
    if not _knows_password(user, password):
        _record_failure(user)
        raise BadCredentials("This is not your present password.")
    attempt.forgive()


def _knows_password(user: User, password: str) -> bool:
    with tenant_scope(user.team_id):  # an outdated hash is stored anew
        return user.check_password(password)


@transaction.atomic
def _record_failure(*accounts: User) -> None:
    """Record a failed try for each account it was meant for. An e-mail that names none may be a password: not that."""
    for user in accounts:
        audit.record(AuditAction.SIGN_IN_FAILED, team_id=user.team_id, target=user)


@transaction.atomic
def sign_in_page(request: HttpRequest, user: User, *, via: str = "page") -> None:
    """Sign a person in on the pages, under a new session key; `via` says on which."""
    open_page_session(request, user)
    audit.record(AuditAction.SIGNED_IN, team_id=user.team_id, target=user, actor=user, via=via)


def open_page_session(request: HttpRequest, user: User) -> None:
    """Give the browser a session under a new key, also to stay signed in after a password change."""
    with tenant_scope(user.team_id):
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[SESSION_TEAM_KEY] = str(user.team_id)


@transaction.atomic
def sign_out_page(request: HttpRequest) -> None:
    """Sign the browser's page session out."""
    principal: Principal | None = request.principal  # type: ignore[attr-defined]
    logout(request)
    if principal and principal.user and principal.proof is Proof.SESSION:
        audit.record(AuditAction.SIGNED_OUT, team_id=principal.team_id, target=principal.user, actor=principal.user)
