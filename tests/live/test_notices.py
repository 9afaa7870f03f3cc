"""What an agent tells beside its answer, from its bytes to every reader; and the names of conversations."""

import json

import pytest

from tests.live.conftest import add_agent
from tests.live.people import Person
from tests.live.sockets import open_socket

pytestmark = pytest.mark.processes
HOSTILE = "<script>alert(1)</script>\nlook\u2028up"


def chunk(**delta):
    """Return a chunk of a chat completion."""
    frame = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
    return f"data: {json.dumps(frame)}\n\n".encode()


def tool(name, number=0):
    return {"tool_calls": [{"index": number, "id": f"call-{number}", "function": {"name": name, "arguments": "{}"}}]}


def source(title, url):
    return {"annotations": [{"type": "url_citation", "url_citation": {"title": title, "url": url}}]}


ENDING = b'data: {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7}}\n\ndata: [DONE]\n\n'
KEPT = [
    {"id": 1, "kind": "reasoning", "title": "", "done": True, "text": "Let me think."},
    {"id": 2, "kind": "tool", "title": "<script>alert(1)</script> look up", "done": True},
    {"id": 3, "kind": "citation", "title": "Handbook", "done": True, "url": "https://docs.test/h"},
    {"id": 4, "kind": "citation", "title": "Trap", "done": True},
]


def told(seen):
    """Return what was told beside the text, in its order, and see that the stream keeps its shape."""
    assert (seen[0][0], "notice" in seen[0][1], seen[-1][0]) == ("status", False, "done")
    notices = [data for kind, data in seen if kind == "status" and "notice" in data]
    assert all(data["level"] == "info" and data["done"] == data["notice"]["done"] for data in notices)
    return [(data["description"], data["done"]) for data in notices]


def events(reading):
    return [(event.type, event.data) for event in reading.seen]


def until_told(reading, words):
    for event in reading:
        if event.data.get("description") == words:
            return event
    raise AssertionError(f"{words!r} was never told")


def test_notices_stand_beside_the_text_for_every_reader(server, user, chat, agent):
    with open_socket(server, user, chat) as socket, user.sending(chat, "Hi") as reading:
        call = agent.call().begin().chunk(chunk(reasoning_content="Let me "))
        until_told(reading, "Thinking …")
        call.chunk(chunk(reasoning_content="think.")).chunk(chunk(**tool(HOSTILE)))
        place = until_told(reading, "Using <script>alert(1)</script> look up …").id
        with user.resuming(chat, place) as resumed:
            until_told(resumed, "Using <script>alert(1)</script> look up …")
            call.chunk(chunk(content="So ")).chunk(chunk(**source("Handbook", "https://docs.test/h")))
            call.chunk(chunk(**source("Trap", "javascript:alert(1)"))).chunk(chunk(content="it is."))
            call.chunk(ENDING).end()
            reading.rest()
            resumed.rest()
        socket.until("done")
    order = told(events(reading))
    assert order[:2] == [("Thinking …", False), ("Using <script>alert(1)</script> look up …", False)]
    ends = {("Thought for a moment", True), ("Used <script>alert(1)</script> look up", True)}
    assert (
        set(order[2:]) == set(told(events(resumed))[2:]) == ends | {("Source: Handbook", True), ("Source: Trap", True)}
    )
    assert reading.text == resumed.text == socket.text == user.messages(chat)[-1]["content"] == "So it is."
    assert "Let me" not in str(reading.seen)
    frames = [(frame["type"], frame["data"]) for frame in socket.seen if frame["type"] in {"status", "done"}]
    assert set(told(frames)) == set(order)
    assert user.messages(chat)[-1]["notices"] == KEPT
    with user.resuming(chat) as later:
        later.rest()
    assert told(events(later)) == [
        ("Thought for a moment", True),
        ("Used <script>alert(1)</script> look up", True),
        ("Source: Handbook", True),
        ("Source: Trap", True),
    ]
    assert not any("text" in data.get("notice", {}) for _, data in events(later))


def test_a_conversation_is_named_once_kept_after_a_failure_and_begun_anew_when_it_is_gone(user, admin, agent):
    chat = user.new_chat(add_agent(admin, agent.url, kind="dify"))

    def ask(*answers, begin=("text/event-stream", 200)):
        with user.sending(chat, "Hi") as reading:
            call = agent.call()
            call.begin(*begin)
            for answer in answers:
                call.chunk(answer)
            call.end()
            reading.rest()
        return call.body["conversation_id"]

    def event(kind, **more):
        return f"data: {json.dumps({'event': kind, 'conversation_id': 'c-1', 'task_id': 't', **more})}\n\n".encode()

    gone = b'{"code": "not_found", "message": "Conversation Not Exists.", "status": 404}'
    whole = (event("message", answer="Yes."), event("message_end", metadata={}))
    assert ask(*whole) == ""
    assert ask(event("error", code="x", message="Overloaded", status=500)) == "c-1"
    assert ask(gone, begin=("application/json", 404)) == "c-1"
    assert ask(*whole) == ""


def test_notices_are_told_in_the_other_process(pair, agent):
    first, second, demo = pair
    with (
        Person(first, demo["admin"]["email"], demo["admin"]["password"]) as admin,
        Person(first, demo["user"]["email"], demo["user"]["password"]) as here,
        Person(second, demo["user"]["email"], demo["user"]["password"]) as there,
    ):
        chat = here.new_chat(add_agent(admin, agent.url))
        with here.sending(chat, "Hi") as reading:
            call = agent.call().begin().chunk(chunk(reasoning_content="Hm."))
            until_told(reading, "Thinking …")
            with there.resuming(chat) as mirrored:
                until_told(mirrored, "Thinking …")
                call.chunk(chunk(**tool("search")))
                until_told(mirrored, "Using search …")
                call.chunk(chunk(content="So.")).chunk(ENDING).end()
                mirrored.rest()
            reading.rest()
    assert set(told(events(mirrored))) == set(told(events(reading)))
    assert ("Used search", True) in told(events(mirrored))
    assert mirrored.text == "So."
