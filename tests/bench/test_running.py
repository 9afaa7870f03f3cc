"""Asking the questions of a session, in one process, against a service that the test controls."""

import json
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import Tier, User
from agents import relay
from agents.models import Run, RunPurpose, RunStatus
from agents.relay.ledger import lease_end
from benchsessions.environments import write_settings
from benchsessions.exceptions import NoTarget, NothingToRun, RunInProgress
from benchsessions.models import BenchRun, BenchSession, Environment, Item, ItemStatus, RunState, Target
from benchsessions.queries import analyst_of, response_of
from benchsessions.running import books, driving, resume_run, retry_errors, standing, start_run, stop_run, storing
from benchsessions.running.books import Owned
from benchsessions.running.driving import MOST_TRIES, drive
from benchsessions.running.endings import DONE, LeaseLost
from benchsessions.running.storing import Landed, keep_misaligned, store
from benchsessions.sessions import Asked, create_session
from tenants.models import Team
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.bench.rag import Reply, answer_to, as_usual, rag_service
from tests.factories import AgentFactory
from tests.live.people import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "canary-0f3a9c1d-of-the-test"


@pytest.fixture
def rag(settings):
    settings.AGENT_ALLOWED_CIDRS = ["127.0.0.0/8"]
    with rag_service() as rag:
        yield rag


@pytest.fixture
def team(cast):
    with tenant_scope(cast.team.id):
        yield cast.team


@pytest.fixture
def analyst(team, cast):
    analyst = analyst_of(cast.owner)
    write_settings(analyst=analyst, settings={"psi": {"bearerToken": TOKEN, "platformId": "77"}})
    return analyst


@pytest.fixture
def target(team, rag):
    target = Target(environment=Environment.PSI, bench_url=rag.bench_url, backend_url=rag.backend_url)
    target.headers = {"X-Platform": "{platformId}", "X-Key": "secret-of-the-admin"}
    target.answer_seconds = target.list_seconds = 5
    target.save()
    return target


def session_of(analyst, count=6, api_mode="backend"):
    asked = [Asked({"body": f"Вопрос {number}?", "with_docs": True, "tag": number}) for number in range(count)]
    return create_session(owner=analyst, environment="psi", api_mode=api_mode, questions=asked)


def items_of(session):
    return list(Item.objects.defer(None).filter(session=session))


def fresh(session):
    return BenchSession.objects.get(id=session.id)


def assert_each_has_its_answer(session):
    for item in items_of(session):
        assert (item.status, item.is_due, item.answer_position) == (ItemStatus.OK, False, item.index)
        assert item.answer == answer_to(item.question)


def test_each_question_is_asked_once_with_what_the_service_needs(rag, analyst, target):
    session = session_of(analyst)
    start_run(session=session, by=analyst)
    assert sorted(rag.questions) == [f"Вопрос {number}?" for number in range(6)]
    asked = rag.asked[0]
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (asked.headers["X-Platform"], asked.headers["X-Key"]) == ("77", "secret-of-the-admin")
    assert asked.body.keys() == {"body", "with_docs", "tag", "with_classify", "reset_session", "session_id"}
    assert (asked.body["reset_session"], asked.body["with_classify"]) == (True, False)
    assert len({asked.body["session_id"] for asked in rag.asked}) == 6
    assert_each_has_its_answer(session)
    stands = standing(fresh(session))
    assert (stands.state, stands.done, stands.total, stands.failed) == (RunState.DONE, 6, 6, 0)
    assert (stands.asked, stands.due, stands.may_resume, stands.may_retry) == (6, 6, False, False)
    assert response_of(fresh(session)) == {"answers": [answer_to(f"Вопрос {number}?") for number in range(6)]}


def test_a_whole_list_is_one_request(rag, analyst, target):
    session = session_of(analyst, api_mode="bench")
    start_run(session=session, by=analyst)
    assert [asked.path for asked in rag.asked] == ["/bench"]
    assert rag.asked[0].body == [{"body": f"Вопрос {n}?", "with_docs": True, "tag": n} for n in range(6)]
    assert_each_has_its_answer(session)


def test_a_list_is_sent_in_batches(rag, analyst, target):
    session = session_of(analyst, api_mode="bench")
    start_run(session=session, by=analyst, batch_size=4)
    assert [len(asked.body) for asked in rag.asked] == [4, 2]
    assert_each_has_its_answer(session)


def test_in_order_one_dialogue_is_kept_and_one_question_asked_at_a_time(rag, analyst, target):
    session = session_of(analyst)
    start_run(session=session, by=analyst, reset_session=False, max_concurrent=4)
    assert rag.questions == [f"Вопрос {number}?" for number in range(6)]
    assert len({asked.body["session_id"] for asked in rag.asked}) == 1
    assert {asked.body["reset_session"] for asked in rag.asked} == {False}


def test_a_failure_is_kept_as_one_and_retried_alone(rag, analyst, target):
    rag.answer = lambda asked: Reply(500, "сломалось".encode()) if "3" in asked.question else as_usual(asked)
    session = session_of(analyst)
    start_run(session=session, by=analyst)
    [failed] = [item for item in items_of(session) if item.status != ItemStatus.OK]
    assert failed.answer == {"status": "error", "error": {"kind": "http", "http_status": 500, "message": "сломалось"}}
    stands = standing(fresh(session))
    assert (stands.state, stands.done, stands.failed, stands.may_retry) == (RunState.DONE, 6, 1, True)
    retry_errors(session=session, by=analyst)
    assert standing(fresh(session)).failed == 1
    rag.answer = as_usual
    retry_errors(session=session, by=analyst)
    assert rag.questions.count("Вопрос 3?") == 3
    assert len(rag.asked) == 8
    assert_each_has_its_answer(session)
    assert items_of(session)[3].attempts == 3
    assert (fresh(session).n_answered, fresh(session).n_failed) == (6, 0)


NO_ANSWERS = [
    (Reply(body=b"<html>"), "parse", "The answer is not valid JSON"),
    (Reply(body=b"null"), "parse", "The answer is null."),
    (Reply(body=b'{"body": 1e400}'), "parse", "is too large"),
    (Reply(body=b"[" * 60 + b"]" * 60), "parse", "nested too deeply"),
    (Reply(body=b"[" * 50_000 + b"]" * 50_000), "parse", "nested too deeply"),
    (Reply(body=b"\xff\xfe"), "parse", "UTF-8"),
    (Reply(body=b'"' + b"x" * 8 * 2**20 + b'"'), "http", "More than 8 MB"),
    (Reply(302, b"", {"Location": "http://169.254.169.254/"}), "http", "The service answered 302."),
    (Reply(403, b"no"), "auth", "no"),
    (Reply(body=b"{", headers={"Content-Length": "5"}), "http", "broke"),
]


def test_what_is_no_answer_is_an_error_of_its_question(rag, analyst, target):
    rag.answer = lambda asked: NO_ANSWERS[asked.body["tag"]][0]
    session = session_of(analyst, count=len(NO_ANSWERS))
    start_run(session=session, by=analyst, stop_after_errors=0)
    for item, (_, kind, message) in zip(items_of(session), NO_ANSWERS, strict=True):
        assert (item.status, item.answer["error"]["kind"]) == (ItemStatus.ERROR, kind)
        assert message in item.answer["error"]["message"]


def test_what_a_database_cannot_hold_is_replaced_and_counted(rag, analyst, target):
    rag.answer = lambda asked: Reply(body=b'{"body": "a\\u0000b\\ud800", "n\\u0000": 1}')
    session = session_of(analyst, count=1)
    start_run(session=session, by=analyst)
    assert items_of(session)[0].answer == {"body": "a\ufffdb\ufffd", "n\ufffd": 1}
    assert fresh(session).replaced_characters == 3


def test_silence_is_a_timeout_and_no_connection_an_error(rag, analyst, target):
    held = threading.Event()
    rag.answer = lambda asked: held.wait(10)
    target.answer_seconds = 1
    target.save()
    session = session_of(analyst, count=1)
    start_run(session=session, by=analyst)
    held.set()
    assert (items_of(session)[0].status, items_of(session)[0].answer["error"]["kind"]) == ("timeout", "timeout")
    target.backend_url = "http://127.0.0.1:9/backend"
    target.save()
    retry_errors(session=session, by=analyst)
    [item] = items_of(session)
    assert item.answer["error"] == {"kind": "http", "message": "The service cannot be reached."}
    assert "127.0.0.1" not in json.dumps(item.answer)


def test_the_guard_of_addresses_stands_before_the_service(rag, analyst, target, settings):
    settings.AGENT_ALLOWED_CIDRS = []
    session = session_of(analyst, count=1)
    start_run(session=session, by=analyst)
    assert rag.asked == []
    assert items_of(session)[0].answer["error"]["message"] == "The service cannot be reached."


def test_a_refused_token_stops_at_once_and_nothing_of_it_is_kept(rag, analyst, target):
    rag.answer = lambda asked: as_usual(asked) if asked.number < 3 else Reply(401, f"bad {TOKEN}".encode())
    session = session_of(analyst, count=30)
    start_run(session=session, by=analyst, max_concurrent=1)
    assert len(rag.asked) == 4
    stands = standing(fresh(session))
    assert (stands.state, stands.reason, stands.done, stands.failed) == (RunState.FAILED, "unauthorized", 3, 0)
    assert "token" in stands.sentence
    assert stands.may_resume
    items = items_of(session)
    assert [item.is_due for item in items] == [False] * 3 + [True] * 27
    rag.answer = as_usual
    resume_run(session=session, by=analyst)
    assert_each_has_its_answer(session)
    assert [item.attempts for item in items_of(session)] == [1] * 3 + [2] + [1] * 26


def test_errors_in_a_row_stop_it_and_those_between_answers_do_not(rag, analyst, target):
    rag.answer = lambda asked: Reply(500) if asked.number % 2 or asked.number > 20 else as_usual(asked)
    session = session_of(analyst, count=60)
    start_run(session=session, by=analyst, max_concurrent=1, stop_after_errors=5)
    stands = standing(fresh(session))
    assert (stands.state, stands.reason) == (RunState.FAILED, "errors")
    assert len(rag.asked) == 21 + 5
    assert (stands.done, stands.failed) == (26, 15)


@pytest.mark.parametrize("at_once", [250, 3])
def test_a_call_that_fails_is_one_error_in_a_row(rag, analyst, target, monkeypatch, at_once):
    monkeypatch.setattr(storing, "AT_ONCE", at_once)
    rag.answer = lambda asked: as_usual(asked) if asked.number in (1, 4) else Reply(500)
    session = session_of(analyst, count=24, api_mode="bench")
    start_run(session=session, by=analyst, batch_size=4, stop_after_errors=3)
    stands = standing(fresh(session))
    assert (stands.state, stands.done, stands.failed) == (RunState.DONE, 24, 16)
    rag.answer = lambda asked: Reply(500)
    retry_errors(session=session, by=analyst)
    assert (standing(fresh(session)).reason, len(rag.asked)) == ("errors", 6 + 3)


def test_a_retry_does_not_hide_what_was_never_asked(rag, analyst, target):
    rag.answer = lambda asked: Reply(500)
    session = session_of(analyst)
    start_run(session=session, by=analyst, max_concurrent=1, stop_after_errors=2)
    rag.answer = as_usual
    retry_errors(session=session, by=analyst)
    stands = standing(fresh(session))
    assert (stands.state, stands.done, stands.failed, stands.may_resume) == (RunState.STOPPED, 2, 0, True)
    assert stands.sentence == "4 questions were not asked yet."
    resume_run(session=session, by=analyst)
    stands = standing(fresh(session))
    assert (stands.state, stands.sentence) == (RunState.DONE, "")


@pytest.mark.parametrize("api_mode", ["backend", "bench"])
def test_an_answer_that_nobody_could_send_back_is_an_error_of_its_question(rag, analyst, target, api_mode):
    def answer(asked):
        told = as_usual(asked)
        for each in told["answers"] if asked.is_list else [told]:
            if "3" in each["body"]:
                each["body"] += "ж" * 150_000
        return told

    rag.answer = answer
    session = session_of(analyst, api_mode=api_mode)
    start_run(session=session, by=analyst)
    items = items_of(session)
    assert items[3].answer["error"] == {"kind": "parse", "message": "The answer is larger than 256 KB: 293 KB came."}
    assert [item.status for item in items if item.index != 3] == [ItemStatus.OK] * 5


def test_secrets_are_hidden_in_errors_and_in_answers(rag, analyst, target):
    def echo(asked):
        told = f"{asked.headers['Authorization']} {asked.headers['X-Key']} {asked.headers['X-Platform']} конец"
        return (
            Reply(500, told.encode())
            if "0" in asked.question
            else {"body": told, told: [told, "canary-0-is-only-alike"]}
        )

    rag.answer = echo
    session = session_of(analyst, count=2)
    start_run(session=session, by=analyst)
    kept = json.dumps([item.answer for item in items_of(session)], ensure_ascii=False)
    assert TOKEN not in kept
    assert "secret-of-the-admin" not in kept
    assert kept.count("Bearer •••• •••• 77 конец") == 4
    assert "canary-0-is-only-alike" in kept


@pytest.mark.parametrize("stored", [f" {TOKEN} ", f"Bearer {TOKEN}"])
def test_a_token_is_hidden_without_what_a_client_put_around_it(rag, analyst, target, stored):
    write_settings(analyst=analyst, settings={"psi": {"bearerToken": stored}})
    rag.answer = lambda asked: {"body": asked.headers["Authorization"].split()[-1]}
    session = session_of(analyst, count=1)
    start_run(session=session, by=analyst)
    assert items_of(session)[0].answer == {"body": "••••"}


def test_who_is_told_to_wait_waits_and_asks_again(rag, analyst, target):
    rag.answer = lambda asked: Reply(429, b"", {"Retry-After": "1"}) if asked.number == 1 else as_usual(asked)
    session = session_of(analyst)
    start_run(session=session, by=analyst, max_concurrent=1)
    assert len(rag.asked) == 7
    assert_each_has_its_answer(session)


def test_of_many_who_wait_for_the_last_question_one_asks_it(rag, analyst, target):
    def answer(asked):
        if asked.number == 0:
            return Reply(429, b"", {"Retry-After": "1"})
        time.sleep(0.2)  # until the others are told to wait
        return as_usual(asked)

    rag.answer = answer
    session = session_of(analyst, count=4)
    start_run(session=session, by=analyst, max_concurrent=3)
    assert standing(fresh(session)).state == RunState.DONE
    assert_each_has_its_answer(session)


@pytest.mark.parametrize("said", ["0", "Fri, 31 Dec 9999 23:59:59 -0500", "Fri, 31 Dec 1999 23:59:59 GMT", "soon"])
def test_who_is_told_to_wait_for_ever_gives_up(rag, analyst, target, monkeypatch, said):
    monkeypatch.setattr(driving, "FIRST_PAUSE", 0.02)
    began = time.monotonic()
    rag.answer = lambda asked: Reply(503, b"later", {"Retry-After": said})
    session = session_of(analyst, count=1)
    start_run(session=session, by=analyst)
    assert len(rag.asked) == MOST_TRIES
    assert time.monotonic() - began >= 0.02 * (2**MOST_TRIES - 1)
    assert items_of(session)[0].answer["error"] == {"kind": "http", "http_status": 503, "message": "later"}


def test_a_reply_that_does_not_match_is_kept_whole_and_nothing_is_shifted(rag, analyst, target):
    odd = {"answers": [{"body": "один"}, {"body": "два"}]}
    rag.answer = lambda asked: odd
    session = session_of(analyst, api_mode="bench")
    start_run(session=session, by=analyst)
    stands = standing(fresh(session))
    assert (stands.state, stands.reason, stands.failed) == (RunState.FAILED, "misaligned", 6)
    kept = fresh(session)
    assert (kept.is_misaligned, kept.raw_response, response_of(kept)) == (True, odd, odd)
    assert {(item.status, item.answer) for item in items_of(session)} == {(ItemStatus.MISSING, None)}
    rag.answer = as_usual
    retry_errors(session=session, by=analyst)
    kept = fresh(session)
    assert (kept.is_misaligned, kept.raw_response) == (False, None)
    assert_each_has_its_answer(session)


def test_answers_that_say_whose_they_are_are_laid_there_and_the_rest_is_missing(rag, analyst, target):
    rag.answer = lambda asked: [{"index": 4, "body": "четыре"}, {"index": 1, "body": "один"}]
    session = session_of(analyst, api_mode="bench")
    start_run(session=session, by=analyst)
    texts = [item.answer and item.answer["body"] for item in items_of(session)]
    assert texts == [None, "один", None, None, "четыре", None]
    assert (fresh(session).is_misaligned, fresh(session).n_answered, fresh(session).n_failed) == (True, 2, 4)


def test_of_starts_at_once_one_runs(rag, analyst, target, team):
    session = session_of(analyst)

    def start(_):
        with tenant_scope(team.id):
            try:
                start_run(session=session, by=analyst)
            except (RunInProgress, NothingToRun) as refusal:
                return type(refusal)
        return None

    outcomes = at_once(4, start)
    assert outcomes.count(None) == 1
    assert len(rag.asked) == 6


def test_what_cannot_be_run_is_refused(rag, analyst, target):
    session = session_of(analyst)
    start_run(session=session, by=analyst)
    for begin in (start_run, resume_run, retry_errors):
        with pytest.raises(NothingToRun):
            begin(session=session, by=analyst)
    BenchRun.objects.update(state=RunState.RUNNING, owner="another", lease_until=lease_end())
    for begin in (start_run, resume_run, retry_errors):
        with pytest.raises(RunInProgress):
            begin(session=session, by=analyst)
    target.bench_url = ""
    target.save()
    with pytest.raises(NoTarget):
        start_run(session=session_of(analyst, api_mode="bench"), by=analyst)
    Target.objects.all().delete()
    with pytest.raises(NoTarget):
        start_run(session=session_of(analyst), by=analyst)
    assert len(rag.asked) == 6


def running_elsewhere(analyst, api_mode="backend", **fields):
    """Return a run of a session as a process that holds it knows it."""
    session = session_of(analyst, api_mode=api_mode)
    Item.objects.filter(session=session).update(is_due=True)
    run = BenchRun.objects.create(
        session=session, started_by=analyst, owner=books.new_owner(), lease_until=lease_end(), n_due=6, **fields
    )
    return session, Owned(run.id, run.team_id, session.id, run.owner)


def run_alone(owned):
    relay.run_to_end(drive(owned))


def test_who_lost_the_lease_can_store_nothing(rag, analyst, target, team):
    session, dead = running_elsewhere(analyst)
    [question] = books.begin(dead, [items_of(session)[0].id])
    assert books.adopt([]) == []
    BenchRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert books.adopt([dead.run_id]) == []
    takers = at_once(4, lambda _: books.adopt([]))
    [alive] = [owned for taken in takers for owned in taken]
    for work in (
        lambda: books.begin(dead, [question.item_id]),
        lambda: store(dead, [Landed(question.item_id, {"body": "поздно"})]),
        lambda: books.renew(dead),
        lambda: keep_misaligned(dead, [question.item_id], ["поздно"], 0),
    ):
        with pytest.raises(LeaseLost):
            work()
    books.finish(dead, DONE)
    books.let_go(dead)
    assert standing(fresh(session)).state == RunState.RUNNING
    run_alone(alive)
    assert_each_has_its_answer(session)
    assert [item.attempts for item in items_of(session)] == [2, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("in_order", [True, False])
def test_a_stop_ends_it_at_the_next_question(rag, analyst, target, in_order):
    session, owned = running_elsewhere(analyst, in_order=in_order)

    def answer(asked):
        if asked.number == 2:
            with tenant_scope(owned.team_id):
                assert stop_run(session.id)
                connections.close_all()
        return as_usual(asked)

    rag.answer = answer
    run_alone(owned)
    stands = standing(fresh(session))
    assert (stands.state, stands.reason, stands.done) == (RunState.STOPPED, "stopped", 3)
    assert not stop_run(session.id)
    assert [item.is_due for item in items_of(session)] == [False] * 3 + [True] * 3
    rag.answer = as_usual
    resume_run(session=session, by=analyst)
    assert len(rag.asked) == 6
    assert len({asked.body["session_id"] for asked in rag.asked}) == (1 if in_order else 6)
    assert_each_has_its_answer(session)


def be_seen(owned):
    """Wait until whoever asks has looked at their run twice, as they do to see a wish."""
    leases = BenchRun.objects.filter(id=owned.run_id).values_list("lease_until", flat=True)
    for _ in range(2):
        before = leases.get()
        wait_until(lambda before=before: leases.get() != before, 10)


@pytest.mark.parametrize(
    ("how", "calls", "state", "done"),
    [
        ({"api_mode": "backend", "max_concurrent": 3}, 3, RunState.STOPPED, 3),
        ({"api_mode": "bench", "batch_size": 4}, 1, RunState.STOPPED, 4),
        ({"api_mode": "bench"}, 1, RunState.DONE, 6),
    ],
)
def test_a_stop_waits_for_what_is_in_flight(rag, analyst, target, settings, how, calls, state, done):
    settings.RUN_SNAPSHOT_SECONDS = 0.05
    session, owned = running_elsewhere(analyst, **how)
    stopped = threading.Event()

    def answer(asked):
        rag.wait_for(calls)
        with tenant_scope(owned.team_id):
            if asked.number == calls - 1:
                stop_run(session.id)
                assert standing(fresh(session)).is_stopping
                stopped.set()
            stopped.wait(10)
            be_seen(owned)
            connections.close_all()
        return as_usual(asked)

    rag.answer = answer
    run_alone(owned)
    stands = standing(fresh(session))
    assert (stands.state, stands.done, stands.failed, stands.may_resume) == (state, done, 0, done < 6)
    assert [item.attempts for item in items_of(session)] == [1] * done + [0] * (6 - done)
    assert len(rag.asked) == calls


def test_a_second_stop_cuts_what_is_in_flight_and_it_stays_due(rag, analyst, target, settings):
    settings.RUN_SNAPSHOT_SECONDS = 0.1
    session, owned = running_elsewhere(analyst, max_concurrent=2)
    held = threading.Event()

    def answer(asked):
        rag.wait_for(2)
        if asked.number == 1:
            with tenant_scope(owned.team_id):
                assert stop_run(session.id)
                assert stop_run(session.id)
                assert standing(fresh(session)).is_stopping  # a double click is one press
                BenchRun.objects.update(stop_requested_at=timezone.now() - timedelta(seconds=2))
                assert stop_run(session.id)
                assert not stop_run(session.id)
                connections.close_all()
        held.wait(10)
        return as_usual(asked)

    rag.answer = answer
    run_alone(owned)
    held.set()
    assert (standing(fresh(session)).state, standing(fresh(session)).done) == (RunState.STOPPED, 0)
    assert [item.is_due for item in items_of(session)] == [True] * 6
    assert [item.attempts for item in items_of(session)] == [1, 1, 0, 0, 0, 0]


def delete_session(session, analyst):
    BenchSession.objects.update(deleted_at=timezone.now())


def close_team(session, analyst):
    Team.objects.filter(id=session.team_id).update(is_active=False)


def deactivate_starter(session, analyst):
    User.objects.filter(id=analyst.user_id).update(is_active=False)


def forget_starter(session, analyst):
    BenchRun.objects.update(started_by=None)


def remove_target(session, analyst):
    Target.objects.all().delete()


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (delete_session, "deleted"),
        (close_team, "team_closed"),
        (deactivate_starter, "no_starter"),
        (forget_starter, "no_starter"),
        (remove_target, "no_target"),
    ],
)
def test_what_goes_away_meanwhile_ends_the_run_with_a_sentence(rag, analyst, target, settings, happens, reason):
    settings.RUN_SNAPSHOT_SECONDS = 0.1
    session, owned = running_elsewhere(analyst)
    held = threading.Event()

    def answer(asked):
        with tenant_scope(owned.team_id):
            happens(session, analyst)
            connections.close_all()
        held.wait(10)
        return as_usual(asked)

    rag.answer = answer
    run_alone(owned)
    held.set()
    run = BenchRun.objects.get()
    assert (run.reason, run.owner, bool(run.sentence)) == (reason, "", True)
    assert run.state != RunState.RUNNING
    assert len(rag.asked) == 1


def test_a_header_that_cannot_be_sent_stops_it_before_anything_is(rag, analyst, target):
    write_settings(analyst=analyst, settings={"psi": {"platformId": "семь\r\nX-Evil: 1"}})
    session = session_of(analyst)
    start_run(session=session, by=analyst)
    assert (standing(fresh(session)).reason, rag.asked) == ("unsendable", [])


def test_an_agent_of_the_team_answers_question_by_question(analyst, cast, team):
    agent = AgentFactory(team=team, kind="demo", config={"demo_seconds": 0})
    Target.objects.create(environment="psi", agent=agent)
    session = session_of(analyst, count=3)
    start_run(session=session, by=analyst, reset_session=False)
    assert [item.status for item in items_of(session)] == [ItemStatus.OK] * 3
    assert all(item.answer["body"] for item in items_of(session))
    runs = Run.objects.filter(purpose=RunPurpose.BENCH, user=cast.owner, agent=agent)
    assert [run.status for run in runs] == [RunStatus.COMPLETE] * 3
    assert sorted(run.chars_in for run in runs)[1] > len("Вопрос 0?")


def test_the_quota_of_who_started_it_stops_it(analyst, cast, team):
    agent = AgentFactory(team=team, kind="demo", config={"demo_seconds": 0})
    Target.objects.create(environment="psi", agent=agent)
    Tier.objects.filter(pk=cast.owner.tier_id).update(requests_per_hour=2)
    session = session_of(analyst, count=4)
    start_run(session=session, by=analyst, max_concurrent=1)
    stands = standing(fresh(session))
    assert (stands.state, stands.reason, stands.done) == (RunState.FAILED, "quota_exceeded", 2)
    assert stands.sentence.startswith("The tier of who started this allows no more calls of agents for now.")
    with translation.override("ru"):  # whoever looks at it, and whenever
        assert standing(fresh(session)).sentence.startswith("У того, кто это запустил")
    Tier.objects.filter(pk=cast.owner.tier_id).update(requests_per_hour=0)
    resume_run(session=session, by=analyst)
    assert standing(fresh(session)).reason == "tier_required"


def test_sessions_deleted_long_ago_are_purged_with_all_they_hold(analyst, team, settings):
    old, lately, kept = (session_of(analyst) for _ in range(3))
    days = settings.BENCH_KEEP_DELETED_DAYS
    BenchSession.objects.filter(id=old.id).update(deleted_at=timezone.now() - timedelta(days=days, hours=1))
    BenchSession.objects.filter(id=lately.id).update(deleted_at=timezone.now() - timedelta(days=days - 1))
    assert sum(at_once(2, lambda _: books.purge_deleted())) >= 1
    assert set(BenchSession.objects.values_list("id", flat=True)) == {lately.id, kept.id}
    assert Item.objects.count() == 12


def test_what_is_stored_costs_no_more_queries_for_more_answers(rag, analyst, target):
    session, owned = running_elsewhere(analyst)
    ids = [item.id for item in items_of(session)]
    with CaptureQueriesContext(connection) as single:
        store(owned, [Landed(ids[0], {"body": "один"})])
    with CaptureQueriesContext(connection) as many:
        store(owned, [Landed(item_id, {"body": "много"}) for item_id in ids[1:]])
    assert len(many) <= len(single)
    with CaptureQueriesContext(connection) as looks:
        standing(session)
    assert len(looks) == 1
