"""How agents do, counted by hand, with another team's agents there to leak."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents import health
from agents.models import Agent
from agents.usage.waits import Wait
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.agents.ledger import booked
from tests.conftest import Cast
from tests.factories import AgentFactory
from tests.isolation.conftest import SignIn, sits

__all__ = ["sits"]
FAILED = {"status": "failed", "error_code": "AGENT_FAILED"}


@pytest.fixture
def agents(cast: Cast) -> dict[str, Agent]:
    """One agent that does well, one that fails and is paused, one without calls, one of the other team."""
    now = timezone.now() - timedelta(minutes=5)
    paused = {"failures": 5, "paused_until": timezone.now() + timedelta(minutes=3)}
    well, ill, idle = (
        AgentFactory(team=cast.team, name="Well"),
        AgentFactory(team=cast.team, name="Ill <b>", **paused),
        AgentFactory(team=cast.team, name="Idle"),
    )
    theirs = AgentFactory(team=cast.other_team, name="Theirs only")
    with unsafe_all_tenants(reason="test"):
        Agent.objects.update(updated_at=now - timedelta(minutes=1))
        for agent in (well, ill, idle, theirs):
            agent.refresh_from_db()
    for wait_ms in (100, 200, 300, 4000):
        booked(cast.owner, well, now, wait_ms=wait_ms)
    booked(cast.owner, well, now, **FAILED)
    booked(cast.owner, well, now, status="interrupted")
    booked(cast.owner, well, now, status="running")
    booked(cast.owner, well, now, purpose="test", wait_ms=60_000, **FAILED)
    booked(cast.owner, well, now - timedelta(hours=24), wait_ms=60_000, **FAILED)
    booked(cast.owner, ill, now, **FAILED)
    booked(cast.owner, ill, now, wait_ms=9000, admitted_at=now + timedelta(seconds=8))
    booked(cast.owner, ill, now, status="failed", error_code="AGENT_PAUSED")
    booked(cast.outsider, theirs, now, wait_ms=77_000, **FAILED)
    return {"well": well, "ill": ill, "idle": idle, "theirs": theirs}


def test_calls_errors_and_waits_are_counted_for_the_team_in_scope(cast: Cast, agents: dict[str, Agent]) -> None:
    with tenant_scope(cast.team.id):
        ill, well = health.of_all()
        assert health.of_agent(agents["idle"]).error_rate is None
        assert health.of_agent(agents["well"]) == well
        assert health.of_agents([agents["ill"]]).keys() == {agents["ill"].pk}
    assert (well.agent, well.calls, well.failures, well.is_paused) == ("Well", 6, 1, False)
    assert (ill.agent, ill.calls, ill.failures, ill.error_rate) == ("Ill <b>", 2, 1, 0.5)
    assert (ill.failures_in_row, ill.is_paused) == (5, True)
    assert (well.wait.p50, well.wait.p95) == (pytest.approx(0.2, abs=0.01), pytest.approx(4, abs=0.01))
    assert (ill.wait.p50, ill.wait.p95) == (pytest.approx(1, abs=0.01), pytest.approx(1, abs=0.01))


def test_nobody_is_paused_where_the_breaker_is_switched_off(
    cast: Cast, agents: dict[str, Agent], settings: Any
) -> None:
    settings.AGENT_BREAKER_FAILURES = 0
    with tenant_scope(cast.team.id):
        assert not health.of_agent(agents["ill"]).is_paused


def test_an_operator_sees_all_teams_in_the_order_asked_for(cast: Cast, agents: dict[str, Agent]) -> None:
    with unsafe_all_tenants(reason="look"):
        orders = {order: [one.agent for one in health.of_all(order)] for order in health.ORDERS}
    assert orders == {
        "errors": ["Theirs only", "Ill <b>", "Well"],
        "calls": ["Well", "Ill <b>", "Theirs only"],
        "wait": ["Theirs only", "Well", "Ill <b>"],
        "agent": ["Ill <b>", "Theirs only", "Well"],
    }


def test_agents_without_any_text_have_no_wait(cast: Cast) -> None:
    agent = AgentFactory(team=cast.team)
    booked(cast.owner, agent, timezone.now(), **FAILED)
    with tenant_scope(cast.team.id):
        assert health.of_agent(agent).wait == Wait()


def test_the_dashboard_shows_the_own_agents_and_sorts_them(cast: Cast, sits: SignIn, agents: dict[str, Agent]) -> None:
    page = sits(cast.admin).get("/admin/usage/").content.decode()
    table = page[page.index('aria-label="Agents in the last 24 hours"') :]
    table = table[: table.index("</table>")]
    assert table.index("Ill &lt;b&gt;") < table.index(">Well<")
    assert "50.0 %" in table
    assert "Paused until" in table
    assert "Theirs" not in page
    by_calls = sits(cast.admin).get("/admin/usage/", {"sort": "calls"}).content.decode()
    assert by_calls.index(">Well<") < by_calls.index(">Ill &lt;b&gt;<")
    assert "Theirs only" in sits(cast.operator).get("/admin/usage/").content.decode()
    assert sits(cast.admin).get("/admin/usage/", {"sort": "nonsense"}).status_code == 400


def test_an_agent_is_well_only_once_a_call_after_its_last_change_was(
    cast: Cast, sits: SignIn, agents: dict[str, Agent]
) -> None:
    def state() -> str:
        page = sits(cast.admin).get("/admin/usage/").content.decode()
        row = page[page.index(">Well</a>") :]
        return row[: row.index("</tr>")].rpartition("<td>")[2].partition("</td>")[0].strip()

    assert state() == "Well"
    with tenant_scope(cast.team.id):
        agents["well"].save()  # a change
    booked(cast.owner, agents["well"], timezone.now(), **FAILED)
    assert state() == "No good call since its last change"
    booked(cast.owner, agents["well"], timezone.now())
    assert state() == "Well"


def test_the_command_tells_monitoring(cast: Cast, agents: dict[str, Agent]) -> None:
    told: Any = StringIO()
    call_command("agents", "health", "--json", stdout=told)
    first, second, third = json.loads(told.getvalue())
    assert (first["agent"], first["error_rate"], first["paused_until"]) == ("Theirs only", 1.0, None)
    assert (second["agent"], second["failures_in_row"], third["calls"]) == ("Ill <b>", 5, 6)
    assert second["paused_until"] == agents["ill"].paused_until.isoformat()  # type: ignore[union-attr]
    plain: Any = StringIO()
    call_command("agents", "health", stdout=plain)
    assert "Ill <b>: 2 calls, 50.0 % failed, paused until" in plain.getvalue()


def test_many_agents_and_runs_cost_as_many_queries_as_few(cast: Cast, agents: dict[str, Agent]) -> None:
    counts = []
    for _ in range(2):
        with tenant_scope(cast.team.id), CaptureQueriesContext(connection) as queries:
            health.of_all()
        counts.append(len(queries))
        for n in range(5):
            booked(cast.owner, AgentFactory(team=cast.team), timezone.now(), wait_ms=n)
    assert counts == [3, 3]
