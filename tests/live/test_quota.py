"""Limits hold to the call: many at once, over several processes, through failures and restarts."""

import threading
from collections import Counter

import pytest

from tests.live.conftest import add_agent
from tests.live.limited import add_limited
from tests.live.people import EVENT_STREAM, Person, all_at_once, wait_until
from tests.servers import free_port, start_server

pytestmark = pytest.mark.processes
FORBIDDEN = "http://10.0.0.1/"
CALLS, LIMIT = 30, 7
ONCE = [*("unreachable", "refused", "failing", "silent", "broken", "stopped", "complete", "replayed")]


@pytest.fixture(scope="module")
def limited(server, demo):
    """People of the shared server: seven calls an hour, seven a month, and one an hour for each way to end."""
    many = {"seven-an-hour": (LIMIT, None), "seven-a-month": (None, LIMIT)}
    return add_limited(server, many | {f"once-{name}": (1, None) for name in ONCE})


@pytest.fixture
def once(request, limited, sign_in):
    """The one call an hour of somebody whom the test names."""
    return sign_in(limited[f"once-{request.param}"])


def send(person, chat, content="Hi", **headers):
    """Begin an answer; return the status and the headers without waiting for its end."""
    path, headers = f"/api/chats/{chat}/messages", {**EVENT_STREAM, **headers}
    with person.stream("POST", path, json={"content": content}, headers=headers) as response:
        return response


def whole(person, chat, agent):
    """Have one call answered to its end."""
    with person.sending(chat, "Hi") as reading:
        agent.call().begin().say("yes").end()
        assert reading.rest().type == "done"
    return reading.response


def parallel(people, agent_id, agent):
    """Send from all chats at one moment; check that exactly the limit passed and nothing is kept of the rest."""
    chats = [people[0].new_chat(agent_id) for _ in range(CALLS)]
    answers = all_at_once(CALLS, lambda number: send(people[number % len(people)], chats[number]))
    assert Counter(answer.status_code for answer in answers) == {200: LIMIT, 429: CALLS - LIMIT}
    assert sorted(int(answer.headers["ratelimit-remaining"]) for answer in answers if answer.status_code == 200) == [
        *range(LIMIT)
    ]
    said = [len(people[0].messages(chat)) for chat in chats]
    assert said == [2 if answer.status_code == 200 else 0 for answer in answers]
    for _ in range(LIMIT):
        agent.call().begin().say("ok").end()
    assert agent.calls.empty()
    assert send(people[-1], chats[0]).status_code in {409, 429}


@pytest.mark.parametrize("limit", ["seven-an-hour", "seven-a-month"])
def test_of_thirty_calls_at_once_seven_pass(limited, sign_in, admin, agent, limit):
    parallel([sign_in(limited[limit])], add_agent(admin, agent.url), agent)


@pytest.mark.parametrize("limit", ["seven-an-hour", "seven-a-month"])
def test_of_thirty_calls_at_once_to_two_processes_seven_pass(pair, agent, limit):
    first, second, demo = pair
    limits = {"seven-an-hour": (LIMIT, None), "seven-a-month": (None, LIMIT)}
    who = add_limited(first, {f"{limit}-twice": limits[limit]})[f"{limit}-twice"]
    with (
        Person(first, demo["admin"]["email"], demo["admin"]["password"]) as admin,
        Person(first, **who) as here,
        Person(second, **who) as there,
    ):
        parallel([here, there], add_agent(admin, agent.url), agent)


def failing(agent):
    agent.call().begin("text/plain", 500).end()


@pytest.mark.parametrize(
    ("once", "url", "answer", "code"),
    [
        ("unreachable", "http://127.0.0.1:{free}/", None, "AGENT_UNREACHABLE"),
        ("failing", "", failing, "AGENT_FAILED"),
        ("silent", "", lambda agent: agent.call().begin(), "AGENT_TIMEOUT"),
    ],
    indirect=["once"],
)
def test_a_failed_call_without_text_costs_nothing(once, admin, agent, url, answer, code):
    good = once.new_chat(add_agent(admin, agent.url))
    bad = once.new_chat(add_agent(admin, url.format(free=free_port()) or agent.url, limits={"first_byte": 0.3}))
    for _try in range(2):
        with once.sending(bad, "Hi") as reading:
            if answer:
                answer(agent)
            assert reading.rest().data["code"] == code
    assert whole(once, good, agent).headers["ratelimit-remaining"] == "0"
    assert send(once, good).status_code == 429


@pytest.mark.parametrize("once", ["refused"], indirect=True)
def test_a_call_that_the_guard_forbids_costs_nothing(server, once, admin, agent):
    good = once.new_chat(add_agent(admin, agent.url))
    bad = once.new_chat(add_agent(admin, FORBIDDEN))
    for _try in range(2):
        with once.sending(bad, "Hi") as reading:
            assert reading.rest().data["code"] == "AGENT_UNREACHABLE"
    assert whole(once, good, agent).headers["ratelimit-remaining"] == "0"
    assert send(once, good).status_code == 429


@pytest.mark.parametrize("once", ["broken"], indirect=True)
def test_a_call_that_failed_after_some_text_is_charged(once, admin, agent):
    chat = once.new_chat(add_agent(admin, agent.url))
    with once.sending(chat, "Hi") as reading:
        agent.call().begin().say("Half an ans").hang_up()
        assert reading.rest().type == "error"
    assert send(once, chat).status_code == 429


@pytest.mark.parametrize("once", ["stopped"], indirect=True)
def test_a_stopped_call_is_charged(once, admin, agent):
    chat = once.new_chat(add_agent(admin, agent.url))
    with once.sending(chat, "Hi") as reading:
        agent.call().begin()
        assert once.post(f"/api/chats/{chat}/stop").json()["stopped"]
        assert reading.rest().data["stopped"]
    assert send(once, chat).status_code == 429


@pytest.mark.parametrize("once", ["replayed"], indirect=True)
def test_a_replay_is_charged_once_and_still_answered_when_all_is_used_up(once, admin, agent):
    chat = once.new_chat(add_agent(admin, agent.url))
    helper = threading.Thread(target=lambda: agent.call().begin().say("yes").end())
    helper.start()
    answers = all_at_once(6, lambda _: send(once, chat, **{"Idempotency-Key": "k"}))
    helper.join()
    assert {answer.status_code for answer in answers} == {200}
    again = once.post(f"/api/chats/{chat}/messages", json={"content": "Hi"}, headers={"Idempotency-Key": "k"})
    assert (again.json()["content"], again.headers["idempotent-replayed"]) == ("yes", "true")
    assert send(once, chat, **{"Idempotency-Key": "other"}).status_code == 429
    assert len(once.messages(chat)) == 2


@pytest.mark.parametrize("once", ["complete"], indirect=True)
def test_the_refusal_says_when_and_the_whole_answer_what_is_left(once, admin, agent):
    chat = once.new_chat(add_agent(admin, agent.url))
    helper = threading.Thread(target=lambda: agent.call().begin().say("yes").end())
    helper.start()
    answer = once.post(f"/api/chats/{chat}/messages", json={"content": "Hi"})
    helper.join()
    assert (answer.status_code, answer.headers["ratelimit-remaining"]) == (200, "0")
    refused = once.post(f"/api/chats/{chat}/messages", json={"content": "Hi"})
    assert (refused.status_code, refused.json()["error_code"]) == (429, "QUOTA_EXCEEDED")
    assert 3500 < int(refused.headers["retry-after"]) <= 3600


def test_counting_survives_kills_and_restarts(tmp_path, agent):
    haste = {"RUN_LEASE_SECONDS": "2", "RUN_SNAPSHOT_SECONDS": "1", "SHUTDOWN_GRACE_SECONDS": "1"}
    with start_server(tmp_path, **haste) as server:
        demo = server.demo
        who = add_limited(server, {"five": (5, None)})["five"]
        with (
            Person(server, demo["admin"]["email"], demo["admin"]["password"]) as admin,
            Person(server, **who) as person,
        ):
            agent_id = add_agent(admin, agent.url)
            silent, begun, good = (person.new_chat(agent_id) for _ in range(3))

            def wait_until_over(chat):
                with person.resuming(chat) as reading:
                    assert reading.rest().data["code"] == "RUN_INTERRUPTED"

            assert whole(person, good, agent).headers["ratelimit-remaining"] == "4"
            with person.sending(silent, "Hi"):
                agent.call()
                with person.sending(begun, "Hi"):
                    agent.call().begin().say("Saved")
                    wait_until(lambda: person.messages(begun)[-1]["content"] == "Saved", 5)
                    server.kill()
            server.start()
            for chat in (silent, begun):
                wait_until_over(chat)
            # What was killed is charged where text of it had been saved.
            assert whole(person, good, agent).headers["ratelimit-remaining"] == "2"
            with person.sending(silent, "Hi"):
                agent.call()
                server.stop()
            server.start()
            assert whole(person, good, agent).headers["ratelimit-remaining"] == "1"
            assert whole(person, good, agent).headers["ratelimit-remaining"] == "0"
            assert send(person, good).status_code == 429
