"""The books: leases, sweeps, stops and ends, and who may write what."""

import asyncio
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections
from django.utils import timezone

from agents.caller import Outcome
from agents.events import RunSaved
from agents.kinds import Call, Said
from agents.models import Run, RunStatus
from agents.relay import driving, ledger
from agents.relay.driving import LiveRun
from agents.relay.ledger import Closing, Progress
from agents.relay.transcript import Ending, Transcript
from chats.models import Message
from chats.recording import record_answer
from tenants.scope import tenant_scope
from tests.factories import ChatFactory, MessageFactory, RunFactory, UserFactory
from tests.live.people import all_at_once

COMPLETE = Ending(RunStatus.COMPLETE)


@pytest.fixture
def answer(db):
    """An answer being written by this process, and one of another team that could be hit by mistake."""
    made = [_live_answer(), _live_answer()]
    return made[0]


def _live_answer():
    user = UserFactory()
    run = RunFactory(user=user, owner=ledger.PROCESS, lease_until=ledger.lease_end())
    chat = ChatFactory(user=user, agent=run.agent)
    return MessageFactory(chat=chat, run=run, role="assistant", status="streaming", content="")


def stored(answer):
    with tenant_scope(answer.team_id):
        return Message.objects.select_related("run").get(id=answer.id)


def others():
    from tenants.scope import unsafe_all_tenants

    with unsafe_all_tenants(reason="compare"):
        return list(Message.objects.order_by("id").values_list("id", "content", "status"))


def closing(answer, text="All of it", ending=COMPLETE):
    return Closing(answer.run_id, answer.team_id, text, 0, ending, outcome=Outcome())


def test_progress_saves_the_text_and_renews_the_lease(answer):
    before = stored(answer).run.lease_until
    stops = ledger.save_progress(answer.team_id, [Progress(answer.run_id, "So far", 0)])
    after = stored(answer)
    assert (after.content, after.status, stops) == ("So far", "streaming", set())
    assert after.run.lease_until > before


def test_progress_tells_of_a_wish_to_stop(answer):
    with tenant_scope(answer.team_id):
        assert ledger.request_stop(answer.run_id) == ledger.PROCESS
    assert ledger.save_progress(answer.team_id, [Progress(answer.run_id, None, 0)]) == {answer.run_id}


def test_progress_of_a_run_that_others_took_for_dead_is_not_written(answer):
    with tenant_scope(answer.team_id):
        Run.objects.filter(id=answer.run_id).update(status="interrupted")
    ledger.save_progress(answer.team_id, [Progress(answer.run_id, "late", 0)])
    assert stored(answer).content == ""


def test_the_end_is_booked_with_the_text(answer):
    untouched = [row for row in others() if row[0] != answer.id]
    ledger.close_run(closing(answer))
    after = stored(answer)
    assert (after.content, after.status) == ("All of it", "complete")
    assert (after.run.status, after.run.chars_out) == ("complete", 9)
    assert after.run.ended_at is not None
    assert [row for row in others() if row[0] != answer.id] == untouched


def test_an_end_that_comes_after_the_sweep_still_keeps_its_text(answer):
    _expire(answer)
    assert ledger.sweep_expired() == 1
    ledger.close_run(closing(answer))
    assert (stored(answer).content, stored(answer).status) == ("All of it", "complete")


def test_progress_never_opens_an_answer_that_has_ended(answer):
    ledger.close_run(closing(answer))
    with tenant_scope(answer.team_id):
        record_answer(RunSaved(answer.run_id, answer.team_id, "older", 0, RunStatus.RUNNING))
    assert (stored(answer).content, stored(answer).status) == ("All of it", "complete")


@pytest.mark.django_db(transaction=True)
def test_the_end_booked_while_progress_is_saved_stands(transactional_db):
    answer, results = _live_answer(), []

    def save(_number):
        results.append(ledger.save_progress(answer.team_id, [Progress(answer.run_id, "All", 0)]))
        connections.close_all()

    def close(_number):
        ledger.close_run(closing(answer))
        connections.close_all()

    for _round in range(10):
        with tenant_scope(answer.team_id):
            Run.objects.filter(id=answer.run_id).update(status="running")
            Message.objects.filter(id=answer.id).update(status="streaming", content="")
        connections.close_all()
        all_at_once(6, lambda number: (close if number == 3 else save)(number))
        assert (stored(answer).content, stored(answer).status) == ("All of it", "complete")


def test_the_sweep_takes_only_runs_whose_lease_is_over(answer):
    ledger.save_progress(answer.team_id, [Progress(answer.run_id, "kept", 0)])
    assert ledger.sweep_expired() == 0
    _expire(answer)
    assert ledger.sweep_expired() == 1
    after = stored(answer)
    assert (after.status, after.content, after.error_code) == ("interrupted", "kept", "RUN_INTERRUPTED")
    assert ledger.sweep_expired() == 0


def _expire(answer):
    with tenant_scope(answer.team_id):
        Run.objects.filter(id=answer.run_id).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_moment_costs_no_text(monkeypatch, transactional_db):
    answer = _live_answer()
    tries = []

    def close_run(closing):
        tries.append(closing.text)
        if len(tries) < 3:
            raise DatabaseError("away")
        real(closing)

    real = ledger.close_run
    monkeypatch.setattr(ledger, "close_run", close_run)
    call = Call(kind="demo", config={"demo_seconds": 0.1}, messages=[Said("user", "Hi")])

    async def scene():
        run = LiveRun(answer.run_id, answer.team_id, call, Transcript(answer.run_id))
        await driving.drive(run)
        return run

    run = asyncio.run(scene())
    assert len(tries) == 3
    assert (stored(answer).content, stored(answer).status) == (run.transcript.text, "complete")
    assert run.transcript.text
