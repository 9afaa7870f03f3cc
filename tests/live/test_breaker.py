"""An agent that keeps failing is left alone, tried by one call, and comes back; no crash closes it for good."""

from collections import Counter
from contextlib import ExitStack

import pytest

from tests.live.conftest import add_agent
from tests.live.people import EVENT_STREAM, Person, all_at_once, wait_until
from tests.servers import start_server

pytestmark = pytest.mark.processes
FAILURES, PAUSE, AT_ONCE = 10, 3, 20  # a pause that AT_ONCE calls fit into also on a busy machine
SHORT = {
    "AGENT_BREAKER_FAILURES": str(FAILURES),
    "AGENT_BREAKER_PAUSE_SECONDS": str(PAUSE),
    "AGENT_QUEUE_SECONDS": "2",
    "RUN_LEASE_SECONDS": "2",
    "RUN_SNAPSHOT_SECONDS": "1",
}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """A server that waits for nothing long."""
    with start_server(tmp_path_factory.mktemp("hasty"), **SHORT) as server:
        yield server


@pytest.fixture
def people(hasty):
    if hasty.process.poll() is not None:  # a test ended it
        hasty.start()
    with ExitStack() as stack:
        yield [
            stack.enter_context(Person(hasty, hasty.demo[who]["email"], hasty.demo[who]["password"]))
            for who in ("user", "admin")
        ]


def fail(person, chat, agent):
    with person.sending(chat, "Hi") as reading:
        agent.call().begin("text/plain", 500).end()
        assert reading.rest().data["code"] == "AGENT_FAILED"


def send(person, chat):
    """Send; return what came at once, leaving the answer alone."""
    with person.stream("POST", f"/api/chats/{chat}/messages", json={"content": "Hi"}, headers=EVENT_STREAM) as response:
        return response.status_code, response.headers, "" if response.status_code == 200 else response.read().decode()


def is_paused(person, chat):
    return "data-pause" in person.get(f"/chats/{chat}").text


def test_it_is_left_alone_then_tried_once_then_called_again(people, agent):
    user, admin = people
    agent_id = add_agent(admin, agent.url)
    chats = [user.new_chat(agent_id) for _ in range(AT_ONCE)]
    for _ in range(FAILURES):
        fail(user, chats[0], agent)
    status, headers, body = send(user, chats[0])
    assert (status, headers["retry-after"], "AGENT_PAUSED" in body) == (503, str(PAUSE), True)
    assert f"This agent failed {FAILURES} times in a row." in body
    assert agent.calls.empty()
    assert is_paused(user, chats[1])

    wait_until(lambda: not is_paused(user, chats[1]), PAUSE + 2)
    answers = all_at_once(AT_ONCE, lambda number: send(user, chats[number])[0])
    assert Counter(answers) == {200: 1, 503: AT_ONCE - 1}
    trial = agent.call()
    assert agent.calls.empty()
    trial.begin("text/plain", 500).end()
    tried = chats[answers.index(200)]
    wait_until(lambda: user.messages(tried)[-1]["status"] == "failed", 5)
    assert send(user, chats[1])[0] == 503

    wait_until(lambda: not is_paused(user, chats[1]), 2 * PAUSE + 2)
    with user.sending(chats[1], "Hi") as reading:
        agent.call().begin().say("I am back").end()
        assert reading.rest().type == "done"
    for chat in chats[2:4]:
        with user.sending(chat, "Hi") as reading:
            agent.call().begin().say("and stay").end()
            assert reading.rest().type == "done"


def test_who_waits_too_long_is_told_so_and_the_agent_is_not_blamed(people, agent):
    user, admin = people
    agent_id = add_agent(admin, agent.url, max_concurrent=1)
    with user.sending(user.new_chat(agent_id), "Hi") as first, ExitStack() as stack:
        call = agent.call()
        others = [stack.enter_context(user.sending(user.new_chat(agent_id), "Hi")) for _ in range(FAILURES + 1)]
        assert {other.rest().data["code"] for other in others} == {"AGENT_BUSY"}
        call.begin().say("at last").end()
        assert first.rest().type == "done"
    assert agent.calls.empty()
    with user.sending(user.new_chat(agent_id), "Hi") as reading:
        agent.call().begin().say("next").end()
        assert reading.rest().type == "done"


def test_after_kill_9_neither_the_trial_nor_the_line_is_stuck(hasty, people, agent):
    user, admin = people
    tried, capped = add_agent(admin, agent.url), add_agent(admin, agent.url, max_concurrent=1)
    trial_chat = user.new_chat(tried)
    for _ in range(FAILURES):
        fail(user, trial_chat, agent)
    wait_until(lambda: not is_paused(user, trial_chat), PAUSE + 2)
    line = [user.new_chat(capped) for _ in range(2)]
    with ExitStack() as stack:
        stack.enter_context(user.sending(trial_chat, "Hi"))
        agent.call()
        stack.enter_context(user.sending(line[0], "Hi"))
        agent.call()
        waiting = stack.enter_context(user.sending(line[1], "Hi"))
        assert next(event.data["place"] for event in waiting if "place" in event.data) == 1
        hasty.kill()
    hasty.start()
    for chat in (*line, trial_chat):
        wait_until(lambda chat=chat: user.messages(chat)[-1]["status"] == "interrupted", 10)
    wait_until(lambda: not is_paused(user, trial_chat), PAUSE + 2)
    for chat in (*line, trial_chat):
        with user.sending(chat, "Again?") as reading:
            agent.call().begin().say("yes").end()
            assert reading.rest().type == "done"


def test_whoever_waits_is_sent_away_at_once_when_the_server_is_to_end(hasty, people, agent):
    user, admin = people
    agent_id = add_agent(admin, agent.url, max_concurrent=1)
    first_chat, second_chat = user.new_chat(agent_id), user.new_chat(agent_id)
    with user.sending(first_chat, "Hi") as first, user.sending(second_chat, "Hi") as second:
        call = agent.call()
        assert next(event.data["place"] for event in second if "place" in event.data) == 1
        hasty.process.terminate()
        assert second.rest().data["code"] == "RUN_INTERRUPTED"
        call.begin().say("in time").end()
        assert first.rest().type == "done"
    hasty.process.wait(timeout=30)
