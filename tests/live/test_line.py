"""Where an agent takes only so many calls at once, the others wait in a fair line and see their place."""

import threading
from contextlib import ExitStack

import pytest

from tests.live.conftest import add_agent
from tests.live.people import Person, all_at_once
from tests.live.sockets import open_socket

pytestmark = pytest.mark.processes
CALLS, ROOM = 10, 2


@pytest.fixture
def teammate(demo, sign_in):
    return sign_in(demo["teammate"])


@pytest.fixture
def open_stream():
    """Send a message and go on; each answer is read when the test says so."""
    with ExitStack() as stack:
        yield lambda person, chat, content: stack.enter_context(person.sending(chat, content))


def next_place(reading):
    """Read up to the next place in line."""
    return next(event.data["place"] for event in reading if "place" in event.data)


def places(reading):
    return [event.data["place"] for event in reading.seen if "place" in event.data]


def answered(call):
    call.begin().say("yes").end()


def test_ten_calls_of_three_people_at_once_are_never_more_than_two_at_the_agent(user, teammate, admin, agent):
    agent_id = add_agent(admin, agent.url, max_concurrent=ROOM)
    people = [(user, teammate, admin)[number % 3] for number in range(CALLS)]
    chats = [person.new_chat(agent_id) for person in people]
    at_the_agent = []

    def serve():
        calls = []
        for _ in range(CALLS):
            calls.append(agent.call())
            at_the_agent.append(len(calls) + agent.calls.qsize())
            if len(calls) == ROOM:
                answered(calls.pop(0))
        answered(calls.pop())

    def ask(number):
        with people[number].sending(chats[number], "Hi") as reading:
            return reading.rest().type, reading.text

    server = threading.Thread(target=serve)
    server.start()
    answers = all_at_once(CALLS, ask)
    server.join()
    assert answers == [("done", "yes")] * CALLS
    assert max(at_the_agent) == ROOM


def test_who_has_many_chats_holds_up_nobody(user, teammate, admin, agent, open_stream):
    agent_id = add_agent(admin, agent.url, max_concurrent=ROOM)
    readings, open_calls, served = [], [], []
    for person, name, many in ((user, "user", 6), (teammate, "teammate", 2), (admin, "admin", 2)):
        for _ in range(many):
            readings.append(open_stream(person, person.new_chat(agent_id), name))
            if len(open_calls) < ROOM:
                open_calls.append(agent.call())
            else:
                next_place(readings[-1])
    for _ in range(CALLS - ROOM):
        answered(open_calls.pop(0))
        open_calls.append(agent.call())
        served.append(open_calls[-1].body["chatInput"])
    assert served == ["teammate", "admin", "teammate", "admin", "user", "user", "user", "user"]
    for call in open_calls:
        answered(call)
    assert [reading.rest().type for reading in readings] == ["done"] * CALLS


def test_ones_place_is_shown_until_it_is_ones_turn(server, user, teammate, admin, agent, open_stream):
    agent_id = add_agent(admin, agent.url, max_concurrent=1)
    chat = admin.new_chat(agent_id)
    with open_socket(server, admin, chat) as socket:
        first = open_stream(user, user.new_chat(agent_id), "first")
        calls = [agent.call()]
        second = open_stream(teammate, teammate.new_chat(agent_id), "second")
        assert next_place(second) == 1
        third = open_stream(admin, chat, "third")
        assert next_place(third) == 2
        assert "Waiting in line" in admin.get(f"/chats/{chat}").text
        for reading, following in ((first, second), (second, third)):
            answered(calls.pop())
            assert reading.rest().type == "done"
            calls.append(agent.call())
            assert calls[0].body["chatInput"] == {second: "second", third: "third"}[following]
        answered(calls.pop())
        assert third.rest().type == "done"
        socket.until("done")
    told = [frame["data"] for frame in socket.seen if frame["type"] == "status"]
    assert [data["place"] for data in told if "place" in data] == places(third) == [2, 1]
    assert told[-1]["description"] == "The agent is answering."
    assert told[-2] | {"message_id": ""} == {
        "description": "You are number 1 in line.", "level": "info", "done": False, "place": 1, "message_id": "",
    }  # fmt: skip


def test_who_waits_can_leave_and_does_not_outlast_the_agent(user, teammate, admin, agent, open_stream):
    agent_id = add_agent(admin, agent.url, max_concurrent=1)
    open_stream(user, user.new_chat(agent_id), "first")
    call = agent.call()
    leaving_chat = user.new_chat(agent_id)
    leaving = open_stream(user, leaving_chat, "second")
    assert next_place(leaving) == 1
    staying_chat = admin.new_chat(agent_id)
    staying = open_stream(admin, staying_chat, "third")
    stopped = user.post(f"/api/chats/{leaving_chat}/stop").json()
    assert (stopped["stopped"], stopped["message"]["status"]) == (True, "stopped")
    assert leaving.rest().data["stopped"] is True
    assert next_place(staying) == 1
    assert admin.put(f"/api/agents/{agent_id}", json={"is_active": False}).status_code == 200
    assert staying.rest().data["code"] == "AGENT_NOT_FOUND"
    answered(call)
    assert agent.calls.empty()
    assert admin.messages(staying_chat)[-1]["status"] == "failed"


def test_two_processes_share_the_room(pair, agent, open_stream):
    first, second, demo = pair
    with ExitStack() as stack:
        admin, here, there = (
            stack.enter_context(Person(server, demo[who]["email"], demo[who]["password"]))
            for server, who in ((first, "admin"), (first, "user"), (second, "user"))
        )
        agent_id = add_agent(admin, agent.url, max_concurrent=ROOM)
        people = [here, there] * 3
        chats = [person.new_chat(agent_id) for person in people]
        readings = []
        calls = []
        for number, (person, chat) in enumerate(zip(people, chats, strict=True)):
            readings.append(open_stream(person, chat, str(number)))
            if number < ROOM:
                calls.append(agent.call())
            else:
                assert next_place(readings[-1]) == number - 1
        mirrored = stack.enter_context(here.resuming(chats[5]))
        assert next_place(mirrored) == 4
        for _ in range(len(chats) - ROOM):
            assert len(calls) == ROOM
            assert agent.calls.empty()
            answered(calls.pop(0))
            calls.append(agent.call())
        for call in calls:
            answered(call)
        assert [reading.rest().type for reading in readings] == ["done"] * len(chats)
        assert mirrored.rest().type == "done"
        told = places(mirrored)  # a process hears of the other's about once a second, so one may be left out
        assert (told[0], told) == (4, sorted(set(told), reverse=True))
        assert agent.calls.empty()
