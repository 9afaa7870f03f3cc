"""Testing an agent from the API, the pages and the administration, and who is told what."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.advice import ADVICE
from agents.models import Agent, Run
from tenants.scope import tenant_scope
from tests.agents.answering import Answering
from tests.agents.ledger import booked, this_morning
from tests.agents.test_diagnosis import agent_at, serve
from tests.conftest import Cast
from tests.factories import AgentFactory, ChatFactory, RunFactory
from tests.isolation.conftest import SignIn, sits
from tests.wire.upstream import response

__all__ = ["serve", "sits"]
pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "canary-in-the-body-of-an-error"
MARKS = [CANARY, "executions", "advice", "diagnosis", "steps", "wire_format", "first_byte"]


@pytest.fixture
def failing(cast: Cast, serve: Answering) -> Agent:
    """An agent that fails and tells of its internals."""
    return agent_at(cast, serve(response(f'{{"message":"Error in workflow {CANARY}"}}', status="500 X")), name="Bot")


def post(client: Any, path: str, **body: Any) -> Any:
    return client.post(path, body, content_type="application/json")


def test_the_api_reports_a_failure_as_an_answer(cast: Cast, client_of: Any, failing: Agent) -> None:
    answer = post(client_of(cast.admin), f"/api/agents/{failing.id}/test")
    told = answer.json()
    assert answer.status_code == 200
    assert (told["ok"], told["code"], told["http_status"]) == (False, "AGENT_FAILED", 500)
    assert (told["message"], told["advice"][:26]) == ("The agent failed.", "Open the list of execution")
    names = ["address", "connect", "first_byte", "format", "first_text", "end"]
    assert [step["name"] for step in told["steps"]] == names
    assert CANARY in told["steps"][2]["detail"]
    assert told["steps"][2]["ms"] >= told["steps"][0]["ms"] >= 0
    assert told["steps"][3] == {"name": "format", "state": "not_reached", "ms": None, "detail": ""}


def test_the_api_takes_a_question_and_shows_the_beginning_of_the_answer(cast: Cast, client_of: Any) -> None:
    agent = AgentFactory(team=cast.team)
    told = post(client_of(cast.admin), f"/api/agents/{agent.id}/test", question="How are you?").json()
    assert told["ok"] is True
    assert "How are you?" in told["preview"]
    for question in ("", " ", "\0", "x" * 2001, 5, [], {}, "\ud800"):
        assert post(client_of(cast.admin), f"/api/agents/{agent.id}/test", question=question).status_code == 400
    assert post(client_of(cast.admin), f"/api/agents/{agent.id}/test", question=None).status_code == 200


def test_the_last_failures_are_listed_with_what_to_change(cast: Cast, client_of: Any, failing: Agent) -> None:
    client = client_of(cast.admin)
    run_id = post(client, f"/api/agents/{failing.id}/test").json()["run_id"]
    secret = {"status": "failed", "error_code": "AGENT_UNREACHABLE", "diagnosis": "agent_blocked_address: private"}
    booked(cast.owner, failing, this_morning(), **secret)
    booked(cast.owner, failing, this_morning(), status="interrupted", error_code="RUN_INTERRUPTED")
    booked(cast.owner, failing, this_morning())
    booked(cast.owner, AgentFactory(team=cast.team), this_morning(), status="failed", error_code="AGENT_EMPTY")
    latest, *older = client.get(f"/api/agents/{failing.id}/failures").json()
    assert (latest["run_id"], latest["purpose"], latest["http_status"]) == (run_id, "test", 500)
    assert CANARY in latest["diagnosis"]
    assert {(row["code"], row["advice"], row["diagnosis"]) for row in older} == {
        ("AGENT_BLOCKED_ADDRESS", ADVICE["agent_blocked_address"], "private"),
        ("RUN_INTERRUPTED", "", ""),
    }
    for _ in range(30):
        booked(cast.owner, failing, this_morning(), status="failed", error_code="AGENT_EMPTY")
    assert len(client.get(f"/api/agents/{failing.id}/failures").json()) == 20


def test_too_many_tests_are_refused_everywhere(
    cast: Cast, client_of: Any, sits: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.limits.AGENT_TESTS_PER_PERSON", 0)
    agent = AgentFactory(team=cast.team)
    answer = post(client_of(cast.admin), f"/api/agents/{agent.id}/test")
    assert (answer.status_code, answer.json()["error_code"]) == (429, "RATE_LIMITED")
    page = sits(cast.admin).post(f"/agents/{agent.id}/test")
    assert (page.status_code, "Retry-After" in page.headers) == (429, True)
    assert "Too many tries" in page.content.decode()
    page = sits(cast.operator).post(f"/admin/agents/agent/{agent.id}/test/", follow=True)
    assert "Too many tries" in page.content.decode()


def test_a_page_begins_the_test_and_leads_to_its_report(cast: Cast, sits: SignIn, failing: Agent) -> None:
    client = sits(cast.admin)
    assert "Test this agent" in client.get(f"/agents/{failing.id}/test").content.decode()
    begun = client.post(f"/agents/{failing.id}/test", {"question": ""})
    with tenant_scope(cast.team.id):
        run = Run.objects.get()
    assert (begun.status_code, begun["Location"]) == (303, f"/agents/{failing.id}/tests/{run.id}")
    again = client.post(f"/agents/{failing.id}/test", {"question": "Is it <well>?"}, follow=True).content.decode()
    assert 'value="Is it &lt;well&gt;?"' in again
    page = client.get(begun["Location"]).content.decode()
    assert "<script>" not in page
    assert "The test failed." in page
    assert "Open the list of executions in n8n" in page
    assert CANARY in page
    said = re.findall(r'class="step (\w+)">.*?class="muted">\s*([\w ]+?)\s*<', page, re.DOTALL)
    assert said == [
        ("ok", "done"), ("ok", "done"), ("failed", "failed"), *[("not_reached", "not reached")] * 3,
    ]  # fmt: skip


def test_a_test_that_is_running_says_so(cast: Cast, sits: SignIn) -> None:
    agent = AgentFactory(team=cast.team)
    run = RunFactory(
        user=cast.admin, agent=agent, purpose="test", status="running", owner="x", lease_until=this_morning()
    )
    page = sits(cast.admin).get(f"/agents/{agent.id}/tests/{run.id}").content.decode()
    assert "The test is running." in page
    assert "data-running" in page
    assert "js/report.js" in page


def test_only_the_teams_admins_get_there(cast: Cast, client_of: Any, sits: SignIn, failing: Agent) -> None:
    post(client_of(cast.admin), f"/api/agents/{failing.id}/test")
    with tenant_scope(cast.team.id):
        run = Run.objects.get()
    pages = [f"/agents/{failing.id}/test", f"/agents/{failing.id}/tests/{run.id}"]
    for person, status in ((cast.owner, 403), (cast.outsider, 403), (cast.other_admin, 404), (cast.operator, 404)):
        calls = [
            post(client_of(person), f"/api/agents/{failing.id}/test"),
            client_of(person).get(f"/api/agents/{failing.id}/failures"),
            *(sits(person).get(page) for page in pages),
            sits(person).post(pages[0]),
        ]
        assert {answer.status_code for answer in calls} == {status}
        assert [answer for answer in calls if CANARY in answer.content.decode()] == []
    for chat_run in (booked(cast.admin, failing, this_morning()), RunFactory(user=cast.other_admin, owner="x",
                     lease_until=this_morning(), purpose="test", status="complete")):  # fmt: skip
        assert sits(cast.admin).get(f"/agents/{failing.id}/tests/{chat_run.id}").status_code == 404
    other = AgentFactory(team=cast.team)
    assert sits(cast.admin).get(f"/agents/{other.id}/tests/{run.id}").status_code == 404
    with tenant_scope(cast.team.id):
        assert Run.objects.filter(purpose="test").count() == 1


def test_the_administration_tests_for_admins_and_operators(cast: Cast, sits: SignIn, failing: Agent) -> None:
    for person, booked_for in ((cast.admin, cast.admin.id), (cast.operator, None)):
        client = sits(person)
        form = client.get(f"/admin/agents/agent/{failing.id}/change/").content.decode()
        assert f'action="/admin/agents/agent/{failing.id}/test/"' in form
        begun = client.post(f"/admin/agents/agent/{failing.id}/test/")
        assert begun.status_code == 303
        with tenant_scope(cast.team.id):
            run = Run.objects.order_by("-started_at")[0]
        assert (run.user_id, str(run.id) in begun["Location"]) == (booked_for, True)
        page = client.get(begun["Location"]).content.decode()
        assert "The test failed." in page
        assert CANARY in page
        assert "style=" not in page[page.index('id="content-main"') :]
    for person, status in ((cast.other_admin, 404), (cast.owner, 403)):
        for answer in (
            sits(person).post(f"/admin/agents/agent/{failing.id}/test/"),
            sits(person).get(f"/admin/agents/agent/{failing.id}/tests/{run.id}/"),
        ):
            assert answer.status_code == status
            assert CANARY not in answer.content.decode()
    assert sits(cast.admin).get(f"/admin/agents/agent/{failing.id}/tests/{uuid4()}/").status_code == 404
    assert sits(cast.admin).get(f"/admin/agents/agent/{failing.id}/test/").status_code == 405


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
def test_members_learn_nothing_of_what_was_seen(cast: Cast, client_of: Any, sits: SignIn, failing: Agent) -> None:
    post(client_of(cast.admin), f"/api/agents/{failing.id}/test")
    chat = ChatFactory(user=cast.owner, agent=failing)
    member, path = client_of(cast.owner), f"/api/chats/{chat.id}"
    streamed = member.post(
        f"{path}/messages", {"content": "Hi"}, content_type="application/json", headers={"accept": "text/event-stream"}
    )
    events = b"".join(streamed).decode() if streamed.streaming else streamed.content.decode()
    whole = post(member, f"{path}/messages", content="Again").content.decode()
    assert "AGENT_FAILED" in events
    assert "AGENT_FAILED" in whole
    told = [
        events,
        whole,
        member.get(path).content.decode(),
        member.get("/api/agents").content.decode(),
        member.get(f"/api/agents/{failing.id}").content.decode(),
        re.sub(r"<[^>]*>", "", sits(cast.owner).get(f"/chats/{chat.id}").content.decode()),
    ]
    assert [(mark, text) for mark in MARKS for text in told if mark in text] == []
    with tenant_scope(cast.team.id):
        assert Run.objects.filter(purpose="chat", diagnosis__contains=CANARY).count() == 2


def test_a_report_costs_as_many_queries_however_much_failed(cast: Cast, sits: SignIn, failing: Agent) -> None:
    client = sits(cast.admin)
    addresses = [
        client.post(page)["Location"]
        for page in (f"/agents/{failing.id}/test", f"/admin/agents/agent/{failing.id}/test/")
    ]
    for address in addresses:
        client.get(address)
    counts = []
    for _ in range(2):
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            counts.append(len(queries))
        for n in range(25):
            booked(cast.owner, failing, this_morning(), status="failed", error_code="AGENT_EMPTY", wait_ms=n)
    assert counts[:2] == counts[2:]


def test_the_description_says_that_tests_are_counted(client: Any) -> None:
    paths = client.get("/api/schema", headers={"accept": "application/json"}).json()["paths"]
    assert "429" in paths["/api/agents/{id}/test"]["post"]["responses"]
