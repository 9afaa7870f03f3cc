"""One lock a session: its row. Who writes anything of a session holds it, so versions and counts are exact."""

from uuid import UUID

from django.db.models import F
from django.utils import timezone

from benchsessions.exceptions import SessionNotFound
from benchsessions.models import BenchSession
from tenants.managers import find


def lock_session(session_id: UUID) -> BenchSession:
    """Hold a session of the team until the transaction ends; raise `SessionNotFound` for none or a deleted one."""
    session = find(BenchSession.objects.select_for_update(no_key=True), id=session_id, deleted_at=None)
    if session is None:
        raise SessionNotFound()
    return session


def touch(session: BenchSession, **counts: int) -> None:
    """Note a change of a locked session: a new version, a new time, and by how much each count grew."""
    grown = {name: F(name) + by for name, by in counts.items() if by}
    session.updated_at = timezone.now()
    BenchSession.objects.filter(id=session.id).update(version=F("version") + 1, updated_at=session.updated_at, **grown)
    session.version += 1
    for name, by in counts.items():
        setattr(session, name, getattr(session, name) + by)
