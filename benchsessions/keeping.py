"""Naming sessions, and deleting them for a while."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import AuditAction
from accounts.models import User
from benchsessions.exceptions import RunInProgress, SessionNotFound
from benchsessions.locking import lock_session, touch
from benchsessions.models import BenchRun, BenchSession, RunState
from tenants.managers import find


def may_manage(user: User, session: BenchSession) -> bool:
    """Tell whether somebody may rename, delete and restore a session: its person, and the team's admins."""
    return user.is_team_admin or session.owner.user_id == user.id


def kept_since() -> datetime:
    """Return since when a deleted session must have been deleted to be restored still."""
    return timezone.now() - timedelta(days=settings.BENCH_KEEP_DELETED_DAYS)


@transaction.atomic
def rename_session(*, session_id: UUID, title: str) -> None:
    """Call a session something else; raise `SessionNotFound`."""
    session = lock_session(session_id)
    if session.title != title:
        session.title = title
        session.save(update_fields=["title"])
        touch(session)


@transaction.atomic
def delete_session(*, session_id: UUID) -> None:
    """Hide a session until somebody restores it or its time is over; raise `SessionNotFound` and `RunInProgress`."""
    session = lock_session(session_id)
    if BenchRun.objects.filter(session=session, state=RunState.RUNNING).exists():
        raise RunInProgress()
    session.deleted_at = timezone.now()
    session.save(update_fields=["deleted_at"])
    touch(session)
    audit.record(AuditAction.BENCH_SESSION_DELETED, team_id=session.team_id, target=session)


@transaction.atomic
def restore_session(*, session_id: UUID) -> None:
    """Bring a deleted session back as it was; raise `SessionNotFound` for one that is not there to be restored."""
    deleted = BenchSession.objects.select_for_update(no_key=True).filter(deleted_at__gt=kept_since())
    session = find(deleted, id=session_id)
    if session is None:
        raise SessionNotFound()
    session.deleted_at = None
    session.save(update_fields=["deleted_at"])
    touch(session)
    audit.record(AuditAction.BENCH_SESSION_RESTORED, team_id=session.team_id, target=session)
