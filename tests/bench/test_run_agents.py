"""Runs that ask an agent of the team: what each call costs its person, and what is left of one that is cut."""

import asyncio
import threading

import pytest
from django.db import OperationalError
from django.db.models.signals import pre_save

from accounts.models import Tier
from agents import relay
from agents.calls import call_of
from agents.events import run_saved
from agents.kinds import Said
from agents.models import Agent, Run, RunPurpose, RunStatus
from agents.relay import ledger
from benchsessions.models import RunState, Target
from benchsessions.running import standing, start_run
from tenants.database import in_team
from tests.bench.test_running import analyst, fresh, session_of, team
from tests.factories import AgentFactory

__all__ = ["analyst", "team"]
pytestmark = pytest.mark.django_db(transaction=True)


def agent_call(cast, team, **config):
    """Return an agent and how a call of it is booked, as a question's is."""
    agent = AgentFactory(team=team, kind="demo", config={"demo_seconds": 0, **config})

    def book():
        run, _ = ledger.book_run(agent=agent, user=cast.owner, purpose=RunPurpose.BENCH, chars_in=1)
        said = [Said("user", "?")]
        return run, call_of(agent, said, user="", conversation_id=str(run.id), message_id=str(run.id))

    return book


def test_a_call_cut_while_it_is_booked_ends_and_costs_nothing(analyst, cast, team):
    book, reached, go_on = agent_call(cast, team), threading.Event(), threading.Event()

    def slowly():
        reached.set()
        go_on.wait(10)
        return book()

    async def cut():
        asking = asyncio.create_task(relay.carry_out(in_team(team.id, slowly)))
        await asyncio.to_thread(reached.wait, 10)
        asking.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.wait({asking})
        assert asking.cancelled()

    relay.run_to_end(cut())
    run = Run.objects.get()
    assert (run.status, run.charged) == (RunStatus.INTERRUPTED, False)


@pytest.mark.parametrize(("is_ending", "end"), [(True, "interrupted"), (False, "stopped")])
def test_a_call_cut_by_the_end_of_the_server_costs_nothing_without_text(
    analyst, cast, team, is_ending, end, monkeypatch
):
    book = agent_call(cast, team, demo_seconds=30)
    monkeypatch.setattr(relay, "_relay", None)  # one of this test alone, as it ends

    async def cut():
        here = relay.relay()
        asking = asyncio.create_task(relay.carry_out(in_team(team.id, book)))
        while not here.live():
            await asyncio.sleep(0.01)
        if is_ending:
            here.begin_to_shut_down()
        asking.cancel()
        await asyncio.wait({asking})
        await here.shut_down()

    asyncio.run(cut())
    run = Run.objects.get()
    assert (run.status, run.charged) == (end, run.chars_out > 0 or not is_ending)


def test_a_call_that_cannot_be_made_is_not_booked(analyst, cast, team):
    agent = AgentFactory(team=team, kind="demo", config={"demo_seconds": 0}, webhook_token="secret-of-the-agent")
    Target.objects.create(environment="psi", agent=agent)
    session = session_of(analyst, count=2)
    Agent.objects.filter(id=agent.id).update(sealed_webhook_token="broken")
    start_run(session=session, by=analyst, max_concurrent=1)
    assert standing(fresh(session)).reason == "unreadable"
    assert not Run.objects.exists()


def test_a_database_that_is_away_while_a_call_is_booked_is_waited_for(analyst, cast, team):
    agent = AgentFactory(team=team, kind="demo", config={"demo_seconds": 0})
    Target.objects.create(environment="psi", agent=agent)
    refused = []

    def be_away(instance, **_):
        if not refused:
            refused.append(instance)
            raise OperationalError("the connection is lost")

    session = session_of(analyst, count=2)
    pre_save.connect(be_away, sender=Run)
    try:
        start_run(session=session, by=analyst, max_concurrent=1)
    finally:
        pre_save.disconnect(be_away, sender=Run)
    stands = standing(fresh(session))
    assert (stands.state, stands.done, stands.failed, len(refused)) == (RunState.DONE, 2, 0, 1)


def test_a_tier_that_changes_meanwhile_counts_from_the_next_question(analyst, cast, team):
    agent = AgentFactory(team=team, kind="demo", config={"demo_seconds": 0})
    Target.objects.create(environment="psi", agent=agent)
    Tier.objects.filter(pk=cast.owner.tier_id).update(requests_per_hour=100)

    def lower(event, **_):
        if Run.objects.count() == 2:
            Tier.objects.filter(pk=cast.owner.tier_id).update(requests_per_hour=1)

    session = session_of(analyst, count=6)
    run_saved.connect(lower)
    try:
        start_run(session=session, by=analyst, max_concurrent=1)
    finally:
        run_saved.disconnect(lower)
    assert (standing(fresh(session)).reason, Run.objects.count()) == ("quota_exceeded", 2)
