"""Whoever listens at the wrong door hears nothing, and whoever is in the room hears nothing of the house."""

import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.live.conftest import add_agent
from tests.live.sockets import Socket
from tests.live.visitors import make_link

pytestmark = pytest.mark.processes
TOOL = b'data: {"choices": [{"delta": {"tool_calls": [{"id": "1", "function": {"name": "canary-tool"}}]}}]}\n\n'
THOUGHT = b'data: {"choices": [{"delta": {"reasoning_content": "canary-thought"}}]}\n\n'
FAULT = b'data: {"error": {"message": "canary-fault"}}\n\n'


def heard(socket: Socket) -> tuple[list[str], int | None]:
    """Read a socket that is closed at once; return the types of its frames and the code."""
    try:
        while True:
            socket.next(seconds=10)
    except ConnectionClosed as closed:
        return [frame["type"] for frame in socket.seen], closed.rcvd.code if closed.rcvd else None


def test_a_place_of_another_room_or_none_hears_nothing(server, user, demo):
    chat = user.new_chat(demo["agent"]["id"])
    room, other = make_link(server, user, chat), make_link(server, user, chat)
    mine, foreign = room.join(), other.join()
    assert room.call("leave", token=mine).status_code == 200
    for token in (foreign, mine, "invented", room.token):
        with room.socket(token) as socket:
            assert heard(socket) == (["closed"], 4403)
        with room.visitor() as stranger:
            answer = stranger.get(f"/mid/share/{room.token}/stream", headers={"Authorization": f"Share {token}"})
        assert (answer.status_code, answer.json()["error_code"]) == (403, "JOIN_FIRST")
    with other.at(server).socket(foreign) as socket:
        assert socket.until("seat")["data"]["state"] == "in"


def test_nothing_of_what_an_agent_does_beside_its_answer_or_of_its_fault_is_heard(server, user, admin, demo, agent):
    chat = user.new_chat(add_agent(admin, agent.url, name="Ada", description="canary-description"), title="canary-chat")
    room = make_link(server, user, chat)
    tokens = [room.join() for _ in range(2)]
    with room.visitor() as listener, room.socket(tokens[0]) as socket:
        headers = {"Authorization": f"Share {tokens[1]}"}
        with listener.stream("GET", f"/mid/share/{room.token}/stream", headers=headers) as stream:
            socket.until("seat")
            with user.sending(chat, "Hi") as reading:
                call = agent.call().begin().chunk(TOOL).chunk(THOUGHT).say("So far. ")
                reading.until("So far. ")
                call.chunk(FAULT).end()
                last = reading.rest()
            assert last.type == "error"
            shown = socket.until("error", "done")
            assert (shown["type"], shown["data"]["code"]) == ("error", "AGENT_FAILED")
            told = []
            for line in stream.iter_lines():
                told.append(line)
                if "AGENT_FAILED" in line:
                    break
    everything = json.dumps(socket.seen) + "".join(told)
    assert "So far." in everything
    people = [demo["user"]["email"], demo["admin"]["email"]]
    assert [word for word in ("canary", agent.url, *people) if word in everything.lower()] == []
    assert "canary" in json.dumps([event.data for event in reading.seen])  # its owner is told
