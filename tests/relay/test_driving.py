"""One run from its start to its end, whenever somebody ends it early."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import DatabaseError

from agents import breaker
from agents.breaker import Health
from agents.exceptions import AgentError, NotAdmitted
from agents.kinds import Call, Said
from agents.models import RunStatus
from agents.relay import doorkeeper, driving, ledger
from agents.relay.driving import STOPPED, LiveRun, drive
from agents.relay.line import Found
from agents.relay.transcript import Transcript
from agents.wire import Notice, Replace, Text

PAUSED = NotAdmitted("agent_paused")


@pytest.fixture
def booked(monkeypatch):
    """Note what is booked instead of booking it."""
    closings = []
    monkeypatch.setattr(ledger, "close_run", closings.append)
    return closings


def live_run(**config):
    call = Call(kind="demo", config=config, messages=[Said("user", "Hi")])
    return LiveRun(uuid4(), uuid4(), call, Transcript(uuid4()))


def start(run):
    run.task = asyncio.create_task(drive(run))
    return run.task


async def test_a_run_is_driven_to_its_end(booked):
    run = live_run(demo_seconds=0.05)
    await start(run)
    assert [closing.ending.status for closing in booked] == [RunStatus.COMPLETE]
    assert booked[0].text == run.transcript.text != ""
    assert run.transcript.ending.status == RunStatus.COMPLETE


async def test_a_failure_is_booked_with_its_diagnosis(booked):
    run = live_run(demo_seconds=0.05, demo_fail=True)
    await start(run)
    assert (booked[0].ending.status, booked[0].ending.error_code) == (RunStatus.FAILED, "AGENT_FAILED")
    assert booked[0].diagnosis.startswith("agent_failed: ")
    assert booked[0].text == run.transcript.text != ""


async def test_a_fault_of_ours_is_an_end_too(booked, monkeypatch):
    def broken(call, outcome):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(driving, "call_agent", broken)
    run = live_run()
    await start(run)
    assert (booked[0].ending.status, booked[0].ending.error_code) == (RunStatus.FAILED, "AGENT_FAILED")
    assert "mistake" not in booked[0].diagnosis


async def test_a_stop_before_the_first_step_is_booked(booked):
    run = live_run(demo_seconds=5)
    task = start(run)
    run.cancel(STOPPED)
    await asyncio.wait_for(task, 5)
    assert [closing.ending for closing in booked] == [STOPPED]
    assert run.transcript.ending == STOPPED


async def test_the_first_reason_counts(booked):
    run = live_run(demo_seconds=5)
    task = start(run)
    await run.transcript.wait()
    run.cancel(STOPPED)
    run.cancel(ledger.INTERRUPTED)
    await asyncio.wait_for(task, 5)
    assert [closing.ending for closing in booked] == [STOPPED]


async def test_a_stop_while_the_end_is_booked_changes_nothing(monkeypatch):
    loop, closings, run = asyncio.get_running_loop(), [], live_run(demo_seconds=0.05)

    def close_run(closing):
        asyncio.run_coroutine_threadsafe(stop(), loop).result(5)
        closings.append(closing)

    async def stop():
        run.cancel(STOPPED)

    monkeypatch.setattr(ledger, "close_run", close_run)
    await asyncio.wait_for(start(run), 5)
    assert [closing.ending.status for closing in closings] == [RunStatus.COMPLETE]
    assert run.transcript.ending.status == RunStatus.COMPLETE


async def test_a_run_that_waits_in_line_is_stopped_at_once_without_calling_anybody(booked, monkeypatch):
    run = live_run(demo_seconds=0.05)
    run.is_waiting = True
    monkeypatch.setattr(doorkeeper, "look", lambda team_id, trials: Found(set(), set(), {run.run_id: 3}, {}))
    task = start(run)
    await run.transcript.wait()
    assert run.transcript.place == 3
    run.cancel(STOPPED)
    await asyncio.wait_for(task, 5)
    assert [(closing.ending, closing.text, closing.health) for closing in booked] == [(STOPPED, "", Health.UNKNOWN)]


@pytest.mark.parametrize(
    ("found", "status", "health"),
    [
        (lambda run_id: Found({run_id}, {run_id}, {}, {}), RunStatus.COMPLETE, Health.WELL),
        (
            lambda run_id: Found(set(), set(), {}, {run_id: NotAdmitted("agent_paused")}),
            RunStatus.FAILED,
            Health.UNKNOWN,
        ),
        (lambda run_id: Found(set(), set(), {}, {}), RunStatus.INTERRUPTED, Health.UNKNOWN),
    ],
)
async def test_the_books_decide_how_waiting_ends(booked, monkeypatch, found, status, health):
    run = live_run(demo_seconds=0.05)
    run.is_waiting = True
    monkeypatch.setattr(doorkeeper, "look", lambda team_id, trials: found(run.run_id))
    await start(run)
    assert [(closing.ending.status, closing.health) for closing in booked] == [(status, health)]
    assert (run.transcript.text != "") == (status == RunStatus.COMPLETE)


async def test_a_line_that_cannot_be_read_is_read_again(booked, monkeypatch):
    run, looks = live_run(demo_seconds=0.05), []
    run.is_waiting = True

    def look(team_id, trials):
        looks.append(team_id)
        if len(looks) < 3:
            raise DatabaseError("away")
        return Found(set(), {run.run_id}, {}, {})

    monkeypatch.setattr(doorkeeper, "look", look)
    monkeypatch.setattr(doorkeeper, "LOOK_SECONDS", 0.01)
    await start(run)
    assert (len(looks), booked[0].ending.status) == (3, RunStatus.COMPLETE)


@pytest.mark.parametrize(
    ("error", "sent", "named", "told"),
    [
        (None, "", "theirs", "theirs"),
        (None, "theirs", "", None),
        (AgentError("agent_failed", "Overloaded"), "", "theirs", "theirs"),
        (AgentError("agent_failed", "Overloaded"), "theirs", "", None),
        (AgentError("agent_not_found", "The agent answered 404: Conversation Not Exists."), "theirs", "", ""),
        (AgentError("agent_failed", "The agent reported an error: context x-1 not found"), "theirs", "", ""),
        (AgentError("agent_not_found", "The agent answered 404: Conversation Not Exists."), "", "", None),
        (AgentError("agent_not_found", "The agent answered 404: no such app"), "theirs", "", None),
        (AgentError("agent_rejected", "The context of 200,000 tokens is over the limit"), "theirs", "", None),
    ],
)
async def test_the_name_of_a_conversation_stays_until_the_agents_side_does_not_know_it(
    booked, monkeypatch, error, sent, named, told
):
    async def answer(call, outcome):
        yield Notice("tool", key="1", title="search")
        outcome.conversation_id = named
        if error:
            raise error

    monkeypatch.setattr(driving, "call_agent", answer)
    run = live_run()
    run.call = replace(run.call, their_conversation_id=sent)
    await start(run)
    assert booked[0].conversation_id == told
    if error:  # one that is gone says nothing of the agent
        assert booked[0].health == (Health.UNKNOWN if told == "" else breaker.verdict(error))
    assert booked[0].notices == [{"id": 1, "kind": "tool", "title": "search", "done": True}]


@pytest.mark.parametrize("event", [Text("So"), Replace("So")])
async def test_thinking_is_over_as_soon_as_there_is_text(booked, monkeypatch, event):
    seen = []

    async def answer(call, outcome):
        yield Notice("reasoning", key="1", text="Hm")
        yield event
        seen.append(run.transcript.notices.kept()[0]["done"])

    monkeypatch.setattr(driving, "call_agent", answer)
    run = live_run()
    await start(run)
    assert (seen, run.transcript.text) == ([True], "So")
