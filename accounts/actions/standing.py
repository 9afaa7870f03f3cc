"""What people are in their team, and whether they may come in."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import audit, queries
from accounts.actions import invitations, people
from accounts.audit import AuditAction
from accounts.exceptions import LastAdmin
from accounts.models import Role, User
from tenants.exceptions import Forbidden, NotFound
from tenants.managers import find


def require_admin_without(leaving: Collection[UUID], *, team_id: UUID) -> None:
    """Raise `LastAdmin` if a team's only active admins are among those who are about to be none.

    Call it in the transaction and the scope that takes them away, before it does: it locks the team, so that two
    admins cannot take each other away.
    """
    people.lock_team(team_id)
    admins = set(User.objects.filter(role=Role.ADMIN, is_active=True).values_list("id", flat=True))
    if admins and admins <= set(leaving):
        raise LastAdmin()


@transaction.atomic
def set_role(*, by: User, user_id: UUID, role: Role) -> User:
    """Change what a person is in the team of the admin who does it; nobody changes themselves."""
    person = _somebody_else(by, user_id)
    if person.role == role:
        return person
    if role != Role.ADMIN:
        require_admin_without({person.id}, team_id=person.team_id)
    before, person.role = person.role, role
    person.save(update_fields=["role"])
    end_what_hung_on_it(person)
    audit.record(AuditAction.ROLE_CHANGED, team_id=person.team_id, target=person, before=before, role=role)
    return person


@transaction.atomic
def set_active(*, by: User, user_id: UUID, active: bool) -> User:
    """Let a person of the admin's team in again, or out; it counts at their next request, on a socket in seconds."""
    person = _somebody_else(by, user_id)
    if person.is_active == active:
        return person
    if active:
        people.require_seat(team_id=person.team_id)
    else:
        require_admin_without({person.id}, team_id=person.team_id)
    person.is_active = active
    person.save(update_fields=["is_active"])
    end_what_hung_on_it(person)
    action = AuditAction.PERSON_ACTIVATED if active else AuditAction.PERSON_DEACTIVATED
    audit.record(action, team_id=person.team_id, target=person)
    return person


def end_what_hung_on_it(person: User) -> None:
    """End what a person could do only as who they were; call it in the transaction that changes their standing.

    Who is let in again signs in again; their API keys sleep meanwhile.
    """
    if not (person.is_active and person.is_team_admin):
        invitations.withdraw_all(of=person)
    if not person.is_active:
        queries.open_refresh_sessions(person).update(revoked_at=timezone.now())
        person.session_epoch += 1
        person.save(update_fields=["session_epoch"])


def _somebody_else(by: User, user_id: UUID) -> User:
    """Return a person of the team, who stays as they are until the transaction ends."""
    people.lock_team(by.team_id)
    person = find(queries.people(), id=user_id)
    if person is None:
        raise NotFound()
    if person == by:
        raise Forbidden("Another admin of the team has to do this for you.")
    return person
