"""An agent that is deleted while somebody asks, tests or changes it: whoever comes second is told so."""

import json
from threading import Thread
from time import monotonic, sleep

import pytest
from django.db import connection, connections, transaction

from agents import actions
from agents.models import Agent, AgentVersion, Run
from agents.relay import ledger
from chats.models import Chat
from tenants.scope import tenant_scope
from tests.factories import AgentFactory
from tests.homes import POSTGRES

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def agent(cast):
    return AgentFactory(team=cast.team, name="Helper")


@pytest.fixture
def deleted_meanwhile(agent, monkeypatch):
    """The row of the agent is gone when what was booked on it is to be kept."""

    def book(**fields):
        booked = book_run(**fields)
        Agent.objects.filter(pk=agent.pk)._raw_delete("default")
        return booked

    book_run = ledger.book_run
    monkeypatch.setattr(ledger, "book_run", book)


def nothing_is_kept(cast):
    with tenant_scope(cast.team.id):
        return not Run.objects.exists() and not Chat.objects.exists()


@pytest.mark.usefixtures("deleted_meanwhile")
@pytest.mark.parametrize("metadata", [{}, {"chat_id": "new"}], ids=["once", "in a new chat"])
def test_it_is_no_model_any_more(cast, client_of, agent, metadata):
    body = {"model": str(agent.pk), "messages": [{"role": "user", "content": "Hi"}], "metadata": metadata}
    answer = client_of(cast.owner).post("/v1/chat/completions", json.dumps(body), "application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert nothing_is_kept(cast)


@pytest.mark.usefixtures("deleted_meanwhile")
def test_it_cannot_be_tested(cast, client_of, agent):
    answer = client_of(cast.admin).post(f"/api/agents/{agent.pk}/test", "{}", "application/json")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "NOT_FOUND")
    assert nothing_is_kept(cast)


@pytest.mark.skipif(not POSTGRES, reason="SQLite has one writer at a time")
def test_who_deletes_it_waits_for_who_is_changing_it(cast, client_of, agent):
    answers = []

    def delete():
        try:
            answers.append(client_of(cast.admin).delete(f"/api/agents/{agent.pk}").status_code)
        finally:
            connections.close_all()

    deleting = Thread(target=delete)
    with tenant_scope(cast.team.id):
        with transaction.atomic():
            actions.update_agent(agent=agent, changed_by=cast.admin, system_prompt="Be brief.")
            deleting.start()
            until = monotonic() + 10
            while not answers and monotonic() < until and not somebody_waits():
                sleep(0.01)
        deleting.join(10)
        assert answers == [204]
        assert not Agent.objects.exists()
        assert [version.agent_id for version in AgentVersion.objects.all()] in ([], [None])


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0] > 0
