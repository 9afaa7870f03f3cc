"""What a process has to know before it asks the questions of a run, and whether they may still be asked."""

from django.conf import settings

from accounts.models import User
from agents.queries import may_use
from benchsessions.environments import settings_of
from benchsessions.models import ApiMode, BenchRun, Target
from benchsessions.running import books
from benchsessions.running.asking import Plan
from benchsessions.running.books import Owned
from benchsessions.running.endings import (
    CLOSED,
    DELETED,
    NO_STARTER,
    NO_TARGET,
    STOPPED,
    UNREADABLE,
    LeaseLost,
    RunOver,
)
from benchsessions.running.endpoint import headers_for, secrets_in
from benchsessions.targets import target_of
from tenants.managers import find
from tenants.models import Team
from tenants.secrets import UnreadableSecret


def load(owned: Owned) -> Plan:
    """Return how the questions of a run are to be asked. Raises `RunOver` where they must not be, `LeaseLost`."""
    run = _run_of(owned)
    if run.stop_requested_at is not None:
        raise RunOver(STOPPED)
    target, _ = check(owned)
    assert run.started_by is not None  # as was checked
    is_list = target.agent_id is None and run.session.api_mode == ApiMode.BENCH
    try:
        values, token = settings_of(run.started_by, run.session.environment)
        headers = target.headers
    except UnreadableSecret:
        raise RunOver(UNREADABLE) from None
    due = books.due_of(owned.session_id)
    size = (run.batch_size or len(due) or 1) if is_list else 1
    most = min(run.max_concurrent, target.max_concurrent, settings.BENCH_MAX_CONCURRENT)
    return Plan(
        owned=owned,
        portions=[due[start : start + size] for start in range(0, len(due), size)],
        max_concurrent=1 if is_list or run.in_order else most,
        in_order=run.in_order,
        is_list=is_list,
        seconds=target.list_seconds if is_list else target.answer_seconds,
        dialogue_id=str(run.dialogue_id),
        with_classify=run.with_classify,
        agent=target.agent,
        url=target.bench_url if is_list else target.backend_url,
        headers=headers_for(headers, values, token) if target.agent is None else {},
        secrets=secrets_in(headers, token),
    )


def check(owned: Owned) -> tuple[Target, User | None]:
    """Return where the questions of a run are sent, and the person who started it.

    Raises `RunOver` if they may not be sent any more, `LeaseLost`.

    Team, session, starter and target may all have gone while it went on.
    """
    run = _run_of(owned)
    if not Team.objects.filter(id=owned.team_id, is_active=True).exists():
        raise RunOver(CLOSED)
    if run.session.deleted_at is not None:
        raise RunOver(DELETED)
    target = target_of(run.session.environment)
    if target is None or run.session.api_mode not in target.modes:
        raise RunOver(NO_TARGET)
    starter = run.started_by
    user = starter.user if starter is not None else None
    if starter is None or not (user.is_active if user is not None else starter.login and target.agent is None):
        raise RunOver(NO_STARTER)
    if target.agent is not None and not (user is not None and may_use(user, target.agent)):
        raise RunOver(NO_TARGET)
    return target, user


def _run_of(owned: Owned) -> BenchRun:
    run = find(BenchRun.objects.select_related("session", "started_by__user__tier"), id=owned.run_id, owner=owned.owner)
    if run is None:
        raise LeaseLost()
    return run
