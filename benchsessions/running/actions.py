"""Starting, stopping and going on with the asking of a session."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from agents.relay.ledger import lease_end
from benchsessions.environments import settings_of
from benchsessions.exceptions import NoTarget, NothingToRun, ResponseUnlaid, RunInProgress
from benchsessions.locking import lock_session, touch
from benchsessions.models import Analyst, ApiMode, BenchRun, BenchSession, Item, ItemStatus, RunState, Target
from benchsessions.models.sessions import FAILED
from benchsessions.running import conductor
from benchsessions.running.books import Owned, close, new_owner
from benchsessions.running.endings import STOPPED
from benchsessions.running.storing import FRAME
from tenants.managers import find

# Two presses within it are one.
DOUBLE_CLICK: Final = timedelta(seconds=1)


@transaction.atomic
def start_run(
    *,
    session: BenchSession,
    by: Analyst,
    batch_size: int = 0,
    max_concurrent: int | None = None,
    stop_after_errors: int = 10,
    with_classify: bool | None = None,
    reset_session: bool | None = None,
) -> BenchRun:
    """Begin to ask all questions of a session that were not asked yet, as `by` asks its environment.

    What is None is as the target and the person's own settings have it. `batch_size` 0 sends a whole list at once,
    `stop_after_errors` 0 never stops. Raises `NoTarget`, `RunInProgress`, `ResponseUnlaid`, `NothingToRun`,
    `SessionNotFound`.
    """
    locked = lock_session(session.id)
    target = _target_of(locked)
    run = _idle_run(locked) or BenchRun(session=locked)
    _set_up(run, target, by, with_classify, reset_session)
    most = min(max_concurrent or run.max_concurrent, run.max_concurrent)
    run.batch_size, run.stop_after_errors, run.max_concurrent = batch_size, stop_after_errors, max(1, most)
    run.started_at = timezone.now()
    Item.objects.filter(session=locked, status=ItemStatus.PENDING).update(is_due=True)
    return _go(run, locked, by)


@transaction.atomic
def resume_run(*, session: BenchSession, by: Analyst) -> BenchRun:
    """Go on with what was not asked yet and what was cut, in the same dialogue, with the settings of `by`.

    Raises `NoTarget`, `RunInProgress`, `ResponseUnlaid`, `NothingToRun`, `SessionNotFound`.
    """
    locked = lock_session(session.id)
    run = _run_to_go_on(locked, by)
    Item.objects.filter(session=locked, status=ItemStatus.PENDING).update(is_due=True)
    return _go(run, locked, by)


@transaction.atomic
def retry_errors(*, session: BenchSession, by: Analyst) -> BenchRun:
    """Ask again what failed and nothing else; the old error stays until there is an answer or another error.

    Raises `NoTarget`, `RunInProgress`, `ResponseUnlaid`, `NothingToRun`, `SessionNotFound`.
    """
    locked = lock_session(session.id)
    run = _run_to_go_on(locked, by)
    asked = Item.objects.filter(session=locked)
    asked.filter(is_due=True).update(is_due=False)
    asked.filter(status__in=FAILED).update(is_due=True)
    return _go(run, locked, by)


@transaction.atomic
def stop_run(session_id: UUID) -> bool:
    """Ask nothing more, whichever process asks, and wait for what is on its way; False where nothing goes on.

    Called again, end the run: whoever asks finds it no longer theirs and cuts what is on its way, which stays due.
    """
    session = lock_session(session_id)
    going_on = BenchRun.objects.filter(session=session, state=RunState.RUNNING)
    if not going_on.exists():
        return False
    now = timezone.now()
    if not close(going_on.filter(stop_requested_at__lt=now - DOUBLE_CLICK), session.id, STOPPED):
        going_on.filter(stop_requested_at=None).update(stop_requested_at=now)
    transaction.on_commit(lambda: conductor.hurry(session.id))
    return True


def _target_of(session: BenchSession) -> Target:
    target = find(Target.objects.all(), environment=session.environment)
    if target is None or session.api_mode not in target.modes:
        raise NoTarget()
    return target


def _run_to_go_on(session: BenchSession, by: Analyst) -> BenchRun:
    """Return the run of a locked session; one that never was is set up as `by` has it."""
    target = _target_of(session)
    run = _idle_run(session)
    if run is None:
        run = BenchRun(session=session)
        _set_up(run, target, by)
    return run


def _set_up(
    run: BenchRun,
    target: Target,
    by: Analyst,
    with_classify: bool | None = None,
    reset_session: bool | None = None,
) -> None:
    """Have a run ask as the target and the settings of `by` say, but for what is given."""
    session = run.session
    values, _ = settings_of(by, session.environment)
    classifies = values["withClassify"] if with_classify is None else with_classify
    resets = values["resetSessionMode"] if reset_session is None else reset_session
    run.max_concurrent = min(target.max_concurrent, settings.BENCH_MAX_CONCURRENT)
    run.with_classify = bool(classifies)
    run.in_order = session.api_mode == ApiMode.BACKEND and not resets


def _idle_run(session: BenchSession) -> BenchRun | None:
    """Return the run of a locked session, None before its first start; raise `RunInProgress`, `ResponseUnlaid`."""
    run = find(BenchRun.objects.select_for_update(no_key=True), session=session)
    if run is not None and run.state == RunState.RUNNING:
        raise RunInProgress()
    if session.is_unlaid:
        raise ResponseUnlaid()
    return run


def _go(run: BenchRun, session: BenchSession, by: Analyst) -> BenchRun:
    """Book the run of a locked session as running here, and begin once that is committed."""
    run.n_due = Item.objects.filter(session=session, is_due=True).count()
    if not run.n_due:
        raise NothingToRun()
    begun: dict[str, Any] = {"state": RunState.RUNNING, "started_by": by, "owner": new_owner(), "n_asked": 0}
    begun |= {"lease_until": lease_end(), "resumed_at": timezone.now(), "errors_in_row": 0, "n_crashes": 0}
    begun |= {"stop_requested_at": None, "ended_at": None, "reason": "", "sentence": ""}
    for name, value in begun.items():
        setattr(run, name, value)
    run.save()
    if session.response_frame is None and not session.is_misaligned:
        BenchSession.objects.filter(id=session.id).update(response_frame=FRAME)
    # From now on the response is the run's, in the order of the questions, whatever a client's was.
    laid = Item.objects.filter(session=session).exclude(answer_position=None)
    laid.exclude(answer_position=F("index")).update(answer_position=F("index"))
    touch(session)
    owned = Owned(run.id, run.team_id, session.id, run.owner)
    transaction.on_commit(lambda: conductor.launch(owned))
    return run
