"""Asking the questions of a session, in one process, against a service that the test controls."""

import pytest

from benchsessions.environments import write_settings
from benchsessions.models import BenchSession, Environment, Item, ItemStatus, RunState, Target
from benchsessions.queries import analyst_of, response_of
from benchsessions.running import standing, start_run
from benchsessions.sessions import Asked, create_session
from tenants.scope import tenant_scope
from tests.bench.rag import answer_to, rag_service

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
