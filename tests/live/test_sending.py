"""The chat contract's message calls, over HTTP with a cookie jar against a running server."""

import threading
from contextlib import ExitStack

import psutil
import pytest

from tests.live.conftest import add_agent
from tests.live.people import EVENT_STREAM, all_at_once

pytestmark = pytest.mark.processes
OPEN_STREAMS = 20


def test_an_answer_streams_piece_by_piece(user, chat, agent):
    with user.sending(chat, "Hello") as reading:
        call = agent.call()
        assert call.body["messages"][-1]["content"] == call.body["chatInput"] == "Hello"
        assert call.body["sessionId"] == chat
        call.begin().say("One, ")
        reading.until("One, ")
        call.say("two.")
        reading.until("two.")
        call.end()
        last = reading.rest()
    assert [event.type for event in reading.seen] == ["status", "message", "message", "done"]
    assert last.data == {"message": "Stream completed", "stopped": False}
    assert reading.response.headers["cache-control"] == "no-cache"
    assert reading.response.headers["x-accel-buffering"] == "no"
    question, answer = user.messages(chat)
    assert (question["role"], question["content"], question["status"]) == ("user", "Hello", "complete")
    assert (answer["role"], answer["content"], answer["status"]) == ("assistant", "One, two.", "complete")
    assert user.get(f"/api/chats/{chat}").json()["title"] == "Hello"


def test_without_event_stream_the_answer_is_one_message(user, chat, agent):
    [response] = all_at_once(1, lambda _: _answered(user, chat, agent, "Whole"))
    assert response.status_code == 200
    assert response.json() == user.messages(chat)[-1]
    assert response.json()["content"] == "Whole"


def _answered(user, chat, agent, text):
    """Send without SSE while the agent answers in a thread of its own."""

    def answer():
        agent.call().begin().say(text).end()

    helper = threading.Thread(target=answer)
    helper.start()
    response = user.post(f"/api/chats/{chat}/messages", json={"content": "Hi"})
    helper.join()
    return response


def test_a_failed_answer_keeps_its_beginning(user, chat, agent):
    with user.sending(chat, "Hi") as reading:
        agent.call().begin().say("Half an ans").hang_up()
        last = reading.rest()
    assert (last.type, last.data["code"]) == ("error", "AGENT_TRUNCATED")
    answer = user.messages(chat)[-1]
    assert (answer["content"], answer["status"]) == ("Half an ans", "failed")
    assert answer["error_code"] == "AGENT_TRUNCATED"


@pytest.mark.parametrize(
    ("status", "http_status", "code"),
    [(500, 502, "AGENT_FAILED"), (504, 504, "AGENT_TIMEOUT"), (429, 503, "AGENT_BUSY"), (403, 502, "AGENT_AUTH")],
)
def test_a_failed_answer_without_event_stream(user, chat, agent, status, http_status, code):
    helper = threading.Thread(target=lambda: agent.call().begin("text/plain", status).end())
    helper.start()
    response = user.post(f"/api/chats/{chat}/messages", json={"content": "Hi"})
    helper.join()
    assert (response.status_code, response.json()["error_code"]) == (http_status, code)
    assert response.json()["message"] == user.messages(chat)[-1]


def test_a_broken_stream_is_resumed_where_it_broke(user, chat, agent):
    with user.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("first ")
        place = reading.until("first ").id
    call.say("second ")
    with user.resuming(chat, place) as resumed:
        resumed.until("second ")
        call.say("third").end()
        assert resumed.rest().type == "done"
    assert resumed.text == "second third"
    assert user.messages(chat)[-1]["content"] == "first second third"
    with user.resuming(chat, place) as later:
        assert later.rest().type == "done"
    assert later.text == "second third"
    with user.resuming(chat, resumed.seen[-1].id) as after_the_end:
        after_the_end.rest()
    assert [event.type for event in after_the_end.seen] == ["status", "done"]


def test_an_event_id_of_an_earlier_run_gives_that_run(user, chat, agent):
    readings = []
    for text in ("early", "late"):
        with user.sending(chat, "Hi") as reading:
            agent.call().begin().say(text).end()
            reading.rest()
        readings.append(reading)
    with user.resuming(chat, readings[0].seen[0].id) as again:
        again.rest()
    assert again.text == "early"
    with user.resuming(chat) as newest:
        newest.rest()
    assert newest.text == "late"


def test_places_that_make_no_sense(user, admin, chat, agent, demo):
    assert user.get(f"/api/chats/{chat}/stream").status_code == 204
    other = user.new_chat(demo["agent"]["id"])
    with user.sending(chat, "Hi") as reading:
        agent.call().begin().say("x").end()
        foreign = reading.rest().id
    for place in ("nonsense", "7", f"{'0' * 32}-0-0", "é", "a" * 9000):
        response = user.get(f"/api/chats/{chat}/stream", headers={"Last-Event-ID": place.encode()})
        assert response.status_code in {400, 431}, place
    response = user.get(f"/api/chats/{other}/stream", headers={"Last-Event-ID": foreign})
    assert (response.status_code, response.json()["error_code"]) == (400, "BAD_EVENT_ID")


def test_a_client_that_goes_away_loses_nothing(user, chat, agent):
    with user.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("kept ")
        reading.until("kept ")
    call.say("all the same").end()
    with user.resuming(chat) as later:
        assert later.rest().type == "done"
    assert later.text == user.messages(chat)[-1]["content"] == "kept all the same"


def test_stop_keeps_what_has_come(user, chat, agent):
    with user.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("so far")
        reading.until("so far")
        stopped = user.post(f"/api/chats/{chat}/stop")
        last = reading.rest()
    assert (last.type, last.data["stopped"]) == ("done", True)
    answer = user.messages(chat)[-1]
    assert (answer["status"], answer["content"]) == ("stopped", "so far")
    assert (stopped.status_code, stopped.json()) == (200, {"stopped": True, "message": answer})
    assert call.closed.wait(5), "the connection to the agent stayed open"
    assert user.post(f"/api/chats/{chat}/stop").json()["stopped"] is False


def test_one_answer_at_a_time(user, chat, agent):
    with user.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("busy")
        reading.until("busy")
        refused = user.post(f"/api/chats/{chat}/messages", json={"content": "Me too"})
        call.end()
        reading.rest()
    assert (refused.status_code, refused.json()["error_code"]) == (409, "RUN_IN_PROGRESS")
    assert len(user.messages(chat)) == 2


def test_twenty_sends_at_once_are_one_run(user, chat, agent):
    def send(number):
        with user.stream(
            "POST", f"/api/chats/{chat}/messages", json={"content": f"Number {number}"}, headers=EVENT_STREAM
        ) as response:
            return response.status_code

    statuses = all_at_once(20, send)
    assert sorted(statuses) == [200] + [409] * 19
    agent.call().begin().say("ok").end()
    with user.resuming(chat) as reading:
        reading.rest()
    assert len(user.messages(chat)) == 2
    assert agent.calls.empty()


def test_twenty_sends_with_one_key_are_one_message(user, chat, agent):
    def send(number):
        headers = {**EVENT_STREAM, "Idempotency-Key": "once"}
        path = f"/api/chats/{chat}/messages"
        with user.stream("POST", path, json={"content": "Once"}, headers=headers) as response:
            return response.status_code, response.headers.get("idempotent-replayed")

    answers = all_at_once(20, send)
    assert sorted(answers, key=str) == sorted([(200, None)] + [(200, "true")] * 19, key=str)
    agent.call().begin().say("ok").end()
    with user.resuming(chat) as reading:
        reading.rest()
    assert [message["content"] for message in user.messages(chat)] == ["Once", "ok"]
    assert agent.calls.empty()


def test_a_repeated_key_joins_the_same_answer(user, chat, agent):
    key = {"Idempotency-Key": "k-1"}
    with user.sending(chat, "Hi", **key) as reading:
        call = agent.call().begin().say("a")
        reading.until("a")
        with user.sending(chat, "Hi", **key) as repeated:
            assert repeated.response.headers["idempotent-replayed"] == "true"
            repeated.until("a")
            call.say("b").end()
            repeated.rest()
        reading.rest()
    assert reading.text == repeated.text == "ab"
    finished = user.post(f"/api/chats/{chat}/messages", json={"content": "Hi"}, headers=key)
    assert (finished.status_code, finished.json()["content"]) == (200, "ab")
    assert finished.headers["idempotent-replayed"] == "true"
    other = user.post(f"/api/chats/{chat}/messages", json={"content": "Else"}, headers=key)
    assert (other.status_code, other.json()["error_code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert len(user.messages(chat)) == 2


def test_a_chat_of_a_deleted_agent_stays_readable(user, admin, chat, agent):
    with user.sending(chat, "Hi") as reading:
        agent.call().begin().say("bye").end()
        reading.rest()
    agent_id = user.get(f"/api/chats/{chat}").json()["agent_id"]
    assert admin.delete(f"/api/agents/{agent_id}").status_code == 204
    shown = user.get(f"/api/chats/{chat}").json()
    assert shown["agent_id"] is None
    assert [message["content"] for message in shown["messages"]] == ["Hi", "bye"]
    refused = user.post(f"/api/chats/{chat}/messages", json={"content": "Still there?"})
    assert (refused.status_code, refused.json()["error_code"]) == (409, "AGENT_UNAVAILABLE")


def test_an_open_stream_holds_no_thread(server, user, chat, agent):
    process = psutil.Process(server.process.pid)
    with user.sending(chat, "Hi") as reading, ExitStack() as stack:
        call = agent.call().begin().say("going on")
        reading.until("going on")
        before = process.num_threads()
        for _ in range(OPEN_STREAMS):
            stack.enter_context(user.resuming(chat)).until("going on")
        assert process.num_threads() < before + OPEN_STREAMS / 2
        call.end()
        reading.rest()


def test_a_long_answer_is_read_whole_afterwards(user, chat, agent):
    text = "".join(f"{number} " for number in range(20_000))
    with user.sending(chat, "Hi", **{"Idempotency-Key": "long"}) as reading:
        agent.call().begin().say(text).end()
        reading.rest()
    with user.resuming(chat) as later, user.sending(chat, "Hi", **{"Idempotency-Key": "long"}) as replayed:
        assert later.rest().type == replayed.rest().type == "done"
    assert later.text == replayed.text == reading.text == text


def test_a_chat_deleted_while_messages_are_sent_is_no_fault(user, admin, agent):
    agent_id = add_agent(admin, agent.url)

    def act(number, chat):
        if number == 3:
            return user.delete(f"/api/chats/{chat}").status_code
        if number % 2:
            return user.patch(f"/api/chats/{chat}", json={"title": str(number)}).status_code
        with user.stream(
            "POST", f"/api/chats/{chat}/messages", json={"content": "Hi"}, headers=EVENT_STREAM
        ) as response:
            return response.status_code

    for _round in range(4):
        chat = user.new_chat(agent_id)
        statuses = set(all_at_once(6, lambda number, chat=chat: act(number, chat)))
        assert statuses <= {200, 204, 404, 409}
        user.post(f"/api/chats/{chat}/stop")


def test_an_agent_deleted_while_messages_are_sent_is_no_fault(user, admin, agent):
    for _round in range(4):
        agent_id = add_agent(admin, agent.url)
        chats = [user.new_chat(agent_id) for _ in range(4)]

        def act(number, agent_id=agent_id, chats=chats):
            if number == len(chats):
                return admin.delete(f"/api/agents/{agent_id}").status_code
            with user.stream(
                "POST", f"/api/chats/{chats[number]}/messages", json={"content": "Hi"}, headers=EVENT_STREAM
            ) as response:
                return response.status_code

        *sent, deleted = all_at_once(5, act)
        assert deleted == 204
        assert set(sent) <= {200, 409}
        for chat in chats:
            user.post(f"/api/chats/{chat}/stop")


def test_changes_of_different_parts_at_once_are_all_kept(user, chat):
    def change(number):
        body = {"title": "New"} if number else {"metadata": {"kept": True}}
        return user.patch(f"/api/chats/{chat}", json=body).status_code

    for _round in range(5):
        user.patch(f"/api/chats/{chat}", json={"title": "Old", "metadata": {}})
        assert all_at_once(2, change) == [200, 200]
        shown = user.get(f"/api/chats/{chat}").json()
        assert (shown["title"], shown["metadata"]) == ("New", {"kept": True})
