"""What a run never loses, and what never holds it up: what clients sent, replies and questions that do harm."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.utils import timezone

from benchsessions.api.shapes import SessionSerializer
from benchsessions.environments import write_settings
from benchsessions.exceptions import ResponseUnlaid
from benchsessions.models import BenchRun, BenchSession, Item, ItemStatus
from benchsessions.queries import response_of
from benchsessions.running import books, resume_run, retry_errors, standing, start_run, storing
from benchsessions.running.endings import LeaseLost
from benchsessions.sessions import Asked, change_session, create_session
from tests.bench.rag import Reply, as_usual
from tests.bench.test_running import (
    TOKEN,
    analyst,
    assert_each_has_its_answer,
    fresh,
    items_of,
    rag,
    run_alone,
    running_elsewhere,
    session_of,
    target,
    team,
)

__all__ = ["analyst", "rag", "target", "team"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reply_that_did_not_match_is_kept_until_all_questions_stand(rag, analyst, target):
    odd = {"answers": [{"body": "один"}]}
    rag.answer = lambda asked: odd if asked.number == 0 else as_usual(asked)
    session = session_of(analyst, api_mode="bench")
    start_run(session=session, by=analyst, batch_size=4)
    retry_errors(session=session, by=analyst)
    kept = fresh(session)
    assert (kept.n_answered, kept.is_misaligned, kept.raw_response) == (4, True, odd)
    resume_run(session=session, by=analyst)
    kept = fresh(session)
    assert (kept.n_answered, kept.is_misaligned, kept.raw_response) == (6, False, None)


def test_a_run_cut_while_it_keeps_a_reply_that_did_not_match_can_go_on(rag, analyst, target, monkeypatch):
    session, owned = running_elsewhere(analyst)
    ids = [item.id for item in items_of(session)]
    with monkeypatch.context() as patch:
        patch.setattr(storing, "_store", Mock(side_effect=LeaseLost))
        with pytest.raises(LeaseLost):
            storing.keep_misaligned(owned, ids, ["один"], 0)
    assert (fresh(session).is_misaligned, fresh(session).is_unlaid) == (False, False)
    assert standing(fresh(session)).is_running
    run_alone(owned)
    assert_each_has_its_answer(session)


def test_a_response_that_a_client_sent_is_never_replaced(rag, analyst, target):
    sent = {"answers": [{"body": "один"}, {"body": "два"}], "trace": "дорого"}
    asked = [Asked({"body": f"Вопрос {number}?"}) for number in range(4)]
    session = create_session(owner=analyst, environment="psi", api_mode="backend", questions=asked, response=sent)
    for begin in (start_run, resume_run, retry_errors):
        with pytest.raises(ResponseUnlaid):
            begin(session=session, by=analyst)
    assert rag.asked == []
    assert response_of(fresh(session)) == sent
    stands = standing(fresh(session))
    assert (stands.is_unlaid, stands.may_resume, stands.may_retry) == (True, False, False)


def test_a_reply_that_would_fill_the_memory_is_an_error(rag, analyst, target):
    rag.answer = lambda asked: Reply(body=b"[" + b"{}," * 500_000 + b"{}]")
    session = session_of(analyst, count=1)
    start_run(session=session, by=analyst)
    message = "The answer holds too many values."
    assert items_of(session)[0].answer["error"] == {"kind": "parse", "message": message}


def test_a_skipped_question_is_done(rag, analyst, target):
    rag.answer = lambda asked: {"status": "skipped"} if "2" in asked.question else as_usual(asked)
    session = session_of(analyst)
    start_run(session=session, by=analyst)
    stands = standing(fresh(session))
    assert (stands.done, stands.total, stands.failed, stands.may_resume) == (6, 6, 0, False)
    assert (fresh(session).n_answered, fresh(session).n_skipped) == (5, 1)
    assert SessionSerializer(fresh(session)).data["n_skipped"] == 1


@pytest.mark.parametrize("begin", [resume_run, retry_errors])
def test_what_was_never_run_goes_on_with_ones_own_settings(rag, analyst, target, begin):
    settings = {"bearerToken": TOKEN, "resetSessionMode": False, "withClassify": True}
    write_settings(analyst=analyst, settings={"psi": settings})
    session = session_of(analyst)
    if begin is retry_errors:
        Item.objects.filter(session=session).update(status=ItemStatus.ERROR)
        BenchSession.objects.filter(id=session.id).update(n_failed=6)
    begin(session=session, by=analyst)
    sent = {(asked.body["reset_session"], asked.body["with_classify"]) for asked in rag.asked}
    assert (len(rag.asked), sent) == (6, {(False, True)})
    assert rag.questions == [f"Вопрос {number}?" for number in range(6)]


def die(owned):
    """Have the process that holds a run die as it asks the first question; return the run as the next one has it."""
    books.begin(owned, books.due_of(owned.session_id)[:1])
    BenchRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    [owned] = books.adopt([])
    return owned


def test_a_question_that_kills_each_process_ends_the_run(rag, analyst, target):
    session, owned = running_elsewhere(analyst)
    for _ in range(books.MOST_CRASHES):
        owned = die(owned)
    run_alone(owned)
    assert (standing(fresh(session)).reason, rag.asked) == ("fault", [])
    resume_run(session=session, by=analyst)
    assert_each_has_its_answer(session)


def test_restarts_in_peace_are_no_crashes(rag, analyst, target):
    session, owned = running_elsewhere(analyst)
    for _ in range(books.MOST_CRASHES):
        books.begin(owned, books.due_of(session.id)[:1])
        books.let_go(owned)
        [owned] = books.adopt([])
    run_alone(owned)
    assert_each_has_its_answer(session)


def test_answers_of_a_retry_stand_beside_those_that_a_client_sent_in_another_order(rag, analyst, target):
    sent = {"answers": [{"index": 2, "body": "третий"}, {"index": 0, "error": "сбой"}, {"index": 1, "body": "второй"}]}
    asked = [Asked({"body": f"Вопрос {number}?"}) for number in range(3)]
    session = create_session(owner=analyst, environment="psi", api_mode="backend", questions=asked, response=sent)
    retry_errors(session=session, by=analyst)
    answers = response_of(fresh(session))["answers"]
    assert [one["body"] for one in answers][1:] == ["второй", "третий"]
    assert (len(answers), rag.asked[0].question) == (3, "Вопрос 0?")


def test_nothing_is_said_to_be_unasked_once_a_client_answered_it(rag, analyst, target):
    rag.answer = lambda asked: Reply(500)
    session = session_of(analyst)
    start_run(session=session, by=analyst, max_concurrent=1, stop_after_errors=2)
    rag.answer = as_usual
    retry_errors(session=session, by=analyst)
    change_session(session_id=session.id, author=analyst, response=[{"body": "да"}] * 6)
    stands = standing(fresh(session))
    assert (stands.reason, stands.done, stands.sentence) == ("unasked", 6, "")
