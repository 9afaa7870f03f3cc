"""The relay of a process: one team's trouble stays its own, other processes' words are heard, a shutdown ends all."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from agents import diagnosis, relay
from agents.diagnosis import examining
from agents.kinds import Call, Said
from agents.models import Agent, Run, RunPurpose
from agents.relay import hub, ledger
from agents.relay.doorkeeper import Doorkeeper
from agents.relay.driving import LiveRun
from agents.relay.hub import Relay, process_group
from agents.relay.transcript import Transcript
from agents.wire import Text
from chats.models import Message
from tenants import database
from tenants.database import in_database
from tenants.models import Team
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory, RunFactory, UserFactory
from tests.homes import POSTGRES
from tests.relay.holding import held

CALL = Call(kind="demo", config={}, messages=[Said("user", "Hi")])
SOON = 8
rows_are_locked = pytest.mark.skipif(not POSTGRES, reason="SQLite locks no rows")


def quiet_relay():
    """A relay whose clock stands still: the test says when."""
    here = Relay()
    for task in here._clockwork:
        task.cancel()
    return here


def live_answer(user):
    """An answer being written here whose lease is over."""
    over = timezone.now() - timedelta(seconds=1)
    run = RunFactory(user=user, owner=ledger.PROCESS, lease_until=over)
    chat = ChatFactory(user=user, agent=run.agent)
    return MessageFactory(chat=chat, run=run, role="assistant", status="streaming", content="")


def grown(here, answer, text="so far"):
    run = LiveRun(answer.run_id, answer.team_id, CALL, Transcript(answer.run_id, text=text))
    run.first_text_at = timezone.now()
    here.runs[run.run_id] = run
    return run


def stored(answer):
    with tenant_scope(answer.team_id):
        return Message.objects.select_related("run").get(id=answer.id)


def has_lease(answer):
    return stored(answer).run.lease_until > timezone.now()


@rows_are_locked
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["message", "run"])
def test_a_row_that_somebody_holds_interrupts_no_live_answer(transactional_db, monkeypatch, what):
    monkeypatch.setattr(database, "LONGEST_LOCK_WAIT", "200ms")
    user = UserFactory()
    struck, beside, elsewhere = live_answer(user), live_answer(user), live_answer(UserFactory())
    row = {"message": (Message, struck.id), "run": (Run, struck.run_id)}[what]

    async def scene():
        here = quiet_relay()
        for answer in (struck, beside, elsewhere):
            grown(here, answer)
        with held(*row):
            async with asyncio.timeout(SOON):
                await here.save()
                await here.renew()
                await here.sweep()
            assert await in_database(has_lease, beside)
            assert await in_database(has_lease, elsewhere)
            assert (await in_database(stored, elsewhere)).content == "so far"
        await here.sweep()  # whether or not its lease is over by the books
        for answer in (struck, beside, elsewhere):
            assert (await in_database(stored, answer)).status == "streaming"
        await here.save()
        await here.renew()
        for answer in (struck, beside, elsewhere):
            assert (await in_database(stored, answer)).content == "so far"
            assert await in_database(has_lease, answer)

    asyncio.run(scene())


@rows_are_locked
@pytest.mark.django_db(transaction=True)
def test_a_team_whose_row_is_held_keeps_no_other_teams_line_from_moving(transactional_db, monkeypatch):
    monkeypatch.setattr(database, "LONGEST_LOCK_WAIT", "200ms")
    users = [UserFactory(), UserFactory()]
    runs = []
    for user in users:
        agent = AgentFactory(team=user.team, max_concurrent=1)
        with tenant_scope(user.team_id):
            runs.append(ledger.book_run(agent=agent, user=user, purpose=RunPurpose.CHAT, chars_in=1)[0])

    async def scene():
        keeper = Doorkeeper()
        struck, elsewhere = [
            asyncio.create_task(keeper.wait(run.id, run.team_id, Transcript(run.id), is_trial=False)) for run in runs
        ]
        with held(Team, users[0].team_id):
            await asyncio.wait_for(elsewhere, SOON)
            assert not struck.done()
        await asyncio.wait_for(struck, SOON)

    asyncio.run(scene())


@pytest.mark.django_db(transaction=True)
def test_a_trial_whose_first_text_is_saved_lets_the_others_in(transactional_db):
    answer = live_answer(UserFactory())
    with tenant_scope(answer.team_id):
        Agent.objects.update(failures=9, paused_until=timezone.now() + timedelta(minutes=1))

    async def scene():
        here = quiet_relay()
        run = grown(here, answer, text="")
        run.is_trial, run.first_text_at = True, None
        await here.save()
        assert run.is_trial
        run.first_text_at = timezone.now()
        run.transcript.append("I am back")
        await here.save()
        assert not run.is_trial

    asyncio.run(scene())
    with tenant_scope(answer.team_id):
        assert Agent.objects.values_list("failures", "paused_until").get() == (0, None)


# Other processes


class Layer:
    """A channel layer that hands out what the test says, or fails."""

    def __init__(self, *told):
        self.told, self.taken, self.joined = list(told), 0, []

    async def new_channel(self):
        self.taken += 1
        return f"channel-{self.taken}"

    async def group_add(self, group, channel):
        self.joined.append((group, channel))

    async def receive(self, channel):
        if not self.told:
            await asyncio.Event().wait()
        told = self.told.pop(0)
        if isinstance(told, Exception):
            raise told
        return told


async def test_what_cannot_be_read_is_left_and_a_layer_that_failed_is_joined_again_by_the_same_channel(monkeypatch):
    monkeypatch.setattr(hub, "REJOIN_SECONDS", 0)
    here, run = quiet_relay(), LiveRun(uuid4(), uuid4(), CALL, Transcript(uuid4()))
    here.runs[run.run_id] = run
    unreadable = [{"type": "relay.stop"}, {"type": "relay.stop", "run": "none"}, {"type": "relay.follow", "run": run}]
    here._layer = Layer(*unreadable, OSError("away"), OSError("away"), {"type": "relay.stop", "run": run.run_id.hex})
    listening = asyncio.create_task(here._listen())
    async with asyncio.timeout(SOON):
        while run.cut is None:
            await asyncio.sleep(0)
    listening.cancel()
    assert here._layer.taken == 1
    assert here._layer.joined == [(process_group(ledger.PROCESS), "channel-1")] * 3


# The end


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("too_late", [False, True])
def test_a_test_that_the_server_cuts_short_is_interrupted_and_says_nothing_of_the_agent(
    cast, monkeypatch, settings, too_late
):
    settings.SHUTDOWN_GRACE_SECONDS = 0
    agent, begun = AgentFactory(team=cast.team, failures=3), asyncio.Event()

    async def call_agent(call, outcome):
        yield Text("Well, ")
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(examining, "call_agent", call_agent)
    monkeypatch.setattr(relay, "_relay", None)

    async def scene():
        here = relay.relay()
        if too_late:
            await here.shut_down()
        waiting = asyncio.create_task(in_database(diagnosis.examine, agent, by=cast.operator))
        await begun.wait()
        await here.shut_down()
        assert too_late or not here._errands  # what it calls with is closed by now
        return await waiting

    report = asyncio.run(asyncio.wait_for(scene(), SOON))
    assert (report.ok, report.is_running, report.preview) == (False, False, "Well, ")
    assert "Run it again" in report.message
    with tenant_scope(cast.team.id):
        run = Run.objects.get()
        assert (run.status, run.error_code, run.chars_out) == ("interrupted", "RUN_INTERRUPTED", 6)
        assert Agent.objects.get(id=agent.id).failures == 3
