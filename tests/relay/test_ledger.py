"""The books: leases, sweeps, stops and ends, and who may write what."""

import asyncio
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from accounts.models import User
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
from tenants import database
from tenants.scope import tenant_scope
from tests.factories import ChatFactory, MessageFactory, RunFactory, UserFactory
from tests.homes import POSTGRES
from tests.live.people import all_at_once, wait_until
from tests.relay.holding import held

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
    assert ledger.renew_leases([answer.run_id]) == set()
    assert ledger.save_progress(answer.team_id, [Progress(answer.run_id, "So far", 0)]) == {answer.run_id}
    after = stored(answer)
    assert (after.content, after.status) == ("So far", "streaming")
    assert after.run.lease_until > before


def test_who_renews_a_lease_hears_of_a_wish_to_stop(answer):
    with tenant_scope(answer.team_id):
        assert ledger.request_stop(answer.run_id) == ledger.PROCESS
    assert ledger.renew_leases([answer.run_id]) == {answer.run_id}


def test_only_the_own_live_runs_get_a_new_lease_and_all_of_them_in_two_queries(answer, django_assert_num_queries):
    mine, ended, foreign = (_live_answer() for _ in range(3))
    for row, changes in ((ended, {"status": "complete"}), (foreign, {"owner": "another"})):
        with tenant_scope(row.team_id):
            Run.objects.filter(id=row.run_id).update(**changes)
    made = [answer, mine, ended, foreign]
    before = [stored(row).run.lease_until for row in made]
    with django_assert_num_queries(4):  # with the savepoint of the test
        ledger.renew_leases([row.run_id for row in made])
    renewed = [stored(row).run.lease_until > lease for row, lease in zip(made, before, strict=True)]
    assert renewed == [True, True, False, False]


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
    assert ledger.renew_leases([answer.run_id]) == set()
    assert ledger.sweep_expired() == 0
    _expire(answer)
    assert ledger.sweep_expired() == 1
    after = stored(answer)
    assert (after.status, after.content, after.error_code) == ("interrupted", "kept", "RUN_INTERRUPTED")
    assert ledger.sweep_expired() == 0


def test_a_sweep_spares_the_runs_that_are_known_to_live(answer):
    _expire(answer)
    assert ledger.sweep_expired([answer.run_id]) == 0
    assert stored(answer).status == "streaming"
    assert ledger.sweep_expired() == 1


@pytest.mark.skipif(not POSTGRES, reason="SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_a_dead_run_whose_rows_are_held_keeps_no_other_from_being_swept(transactional_db, monkeypatch):
    monkeypatch.setattr(database, "LONGEST_LOCK_WAIT", "100ms")
    dead = [_live_answer() for _ in range(3)]
    for answer in dead:
        _expire(answer)
    with held(Run, dead[0].run_id), held(Message, dead[1].id):
        assert ledger.sweep_expired() == 1
    assert [stored(answer).status for answer in dead] == ["streaming", "streaming", "interrupted"]
    assert ledger.sweep_expired() == 2


def _expire(answer):
    with tenant_scope(answer.team_id):
        Run.objects.filter(id=answer.run_id).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.skipif(not POSTGRES, reason="SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_a_person_can_be_deleted_while_their_answer_ends(transactional_db, monkeypatch):
    answer, failures = _live_answer(), []
    real = ledger._tell

    def delete():
        try:
            with tenant_scope(answer.team_id), transaction.atomic():
                User.objects.get(id=answer.chat.user_id).delete()
        except DatabaseError as error:
            failures.append(error)
        connections.close_all()

    def tell(event):
        """Hold the run until the deletion waits for something of it, then want the message."""
        deleting.start()
        wait_until(somebody_waits_for_a_lock, 10)
        real(event)

    deleting = threading.Thread(target=delete)
    monkeypatch.setattr(ledger, "_tell", tell)
    ledger.close_run(closing(answer))
    deleting.join(10)
    assert not failures
    with tenant_scope(answer.team_id):
        assert not Message.objects.exists()
        assert Run.objects.values_list("status", "user").get() == ("complete", None)


def somebody_waits_for_a_lock():
    here = "SELECT pid FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database()"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN ({here})")
        return cursor.fetchone()[0] > 0


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
