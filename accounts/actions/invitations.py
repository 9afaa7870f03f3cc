"""Inviting people to a team, and coming in with an invitation."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit, limits, mail, queries
from accounts.actions import people
from accounts.addresses import Address
from accounts.audit import AuditAction
from accounts.exceptions import EmailTaken, InvitationInvalid, UnknownTeam
from accounts.links import InvitationToken
from accounts.models import Invitation, Role, User, normalise_email
from tenants.exceptions import Forbidden, NotFound
from tenants.managers import find
from tenants.scope import tenant_scope


def invite(*, by: User, email: str, role: Role) -> InvitationToken:
    """Invite somebody to the admin's team by mail, or without an e-mail whoever has the link.

    An open invitation of the same e-mail is withdrawn: this one takes its place.
    The token is shown now and never again. Raises `EmailTaken` where the e-mail has an account in the team, and
    `TooManyRequests` where the team has mail sent to too many. Not atomic: a refusal must not undo the count.
    """
    email = normalise_email(email)
    if email and User.objects.filter(email=email).exists():
        raise EmailTaken()
    if email:
        limits.count_invitation_mail(team_id=by.team_id)
    token = InvitationToken.new(by.team_id)
    expires_at = timezone.now() + timedelta(days=settings.INVITATION_DAYS)
    with transaction.atomic():
        people.lock_team(by.team_id)  # whoever takes the admin's rights away comes before, or finds the invitation
        if not User.objects.filter(id=by.id, role=Role.ADMIN, is_active=True).exists():
            raise Forbidden()
        for earlier in _locked(queries.open_invitations().filter(email=email)) if email else ():
            _revoke(earlier)
        invitation = Invitation.objects.create(
            email=email, role=role, token_hash=token.hash, invited_by=by, expires_at=expires_at
        )
        audit.record(AuditAction.INVITED, team_id=by.team_id, target=invitation, role=role)
    if email:
        told = {"team": by.team.name, "inviter": str(by), "link": token.link, "expires_at": expires_at}
        mail.in_background(mail.send, to=email, template="invitation", **told)
    return token


@transaction.atomic
def withdraw(*, invitation_id: UUID) -> None:
    """Take an invitation of the team in scope back; raise `NotFound` when there is no such open one."""
    invitation = find(_locked(queries.open_invitations()), id=invitation_id)
    if invitation is None:
        raise NotFound()
    _revoke(invitation)


def withdraw_all(*, of: User) -> None:
    """Take back the open invitations of somebody who may invite no longer, in the transaction that says so."""
    for invitation in _locked(queries.open_invitations().filter(invited_by=of)):
        _revoke(invitation)


def _locked(invitations: QuerySet[Invitation]) -> QuerySet[Invitation]:
    return invitations.select_for_update(of=("self",))


def _revoke(invitation: Invitation) -> None:
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    audit.record(AuditAction.INVITATION_REVOKED, team_id=invitation.team_id, target=invitation)


def accept(
    *,
    invitation: str,
    email: str,
    password: str,
    full_name: str,
    address: Address | None,
    team_id: UUID | None = None,
) -> User:
    """Let the bearer of an invitation's token into its team, however closed, in the role it names.

    Raises `InvitationInvalid` on a token or an e-mail that lets nobody in, `UnknownTeam` if another team is named.
    Not atomic: a refusal must not undo the count of its try.
    """
    limits.count_registration(address=address)
    token = InvitationToken.parse(invitation)
    found = queries.invitation_of(token)
    if found is None:
        raise InvitationInvalid()
    if team_id not in {None, token.team_id}:
        raise UnknownTeam()
    if found.email and found.email != normalise_email(email):
        raise InvitationInvalid("This invitation is for another e-mail.")
    role = Role(found.role)
    person = people.new_person(team=found.team, email=email, password=password, full_name=full_name, role=role)
    person.email_unverified = not found.email  # one that was mailed proves its address
    with transaction.atomic(), tenant_scope(token.team_id):
        people.lock_team(token.team_id)  # first, like whoever withdraws the invitations of an admin
        # One statement looks and takes: of many at the same moment one gets through.
        if not queries.open_invitations().filter(id=found.id).update(accepted_at=timezone.now()):
            raise InvitationInvalid()
        people.take_seat(person)
        Invitation.objects.filter(id=found.id).update(accepted_by=person)
        told = {"role": person.role, "invitation": str(found.id)}
        audit.record(AuditAction.PERSON_JOINED, team_id=token.team_id, target=person, actor=person, **told)
    return person
