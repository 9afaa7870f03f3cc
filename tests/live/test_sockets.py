"""The socket of a chat: everybody who watches sees the same answer grow at once."""

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live.sockets import open_socket

pytestmark = pytest.mark.processes


def test_two_sockets_see_one_answer_grow(server, user, chat, agent):
    with open_socket(server, user, chat) as first, open_socket(server, user, chat) as second:
        with user.sending(chat, "Hi") as reading:
            call = agent.call().begin().say("same ")
            for socket in (first, second):
                assert socket.until("chat")["data"]["title"] == "Hi"
                assert socket.until("entry")["data"]["role"] == "user"
                assert socket.until("entry")["data"]["role"] == "assistant"
                socket.until_text("same ")
            call.say("text").end()
            reading.rest()
        ends = [socket.until("done") for socket in (first, second)]
    assert first.text == second.text == reading.text == "same text"
    assert [end["data"]["message_id"] for end in ends] == [user.messages(chat)[-1]["id"]] * 2
    assert [end["id"] for end in ends] == [reading.seen[-1].id] * 2


def test_a_socket_opened_in_the_middle_gets_all_from_the_start(server, user, chat, agent):
    with user.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("early ")
        reading.until("early ")
        with open_socket(server, user, chat) as socket:
            assert socket.until("status", "message")["type"] == "status"
            socket.until_text("early ")
            call.say("late").end()
            socket.until("done")
        reading.rest()
    assert socket.text == "early late"


def test_a_huge_frame_is_refused(server, user, chat):
    with open_socket(server, user, chat) as socket:
        socket.connection.send("x" * 100_000)
        with pytest.raises(ConnectionClosed) as closed:
            socket.until("no such frame")
    assert closed.value.rcvd.code == 1009


def test_a_deleted_chat_closes_its_sockets(server, user, chat):
    with open_socket(server, user, chat) as socket:
        assert user.delete(f"/api/chats/{chat}").status_code == 204
        assert socket.until("closed")["data"]["reason"] == "This chat was deleted."
        with pytest.raises(ConnectionClosed) as closed:
            socket.next()
    assert closed.value.rcvd.code == 4404


def test_signing_out_closes_the_socket_soon(server, user, chat):
    with open_socket(server, user, chat) as socket:
        user.post("/api/auth/logout")
        socket.until("closed", seconds=6)
        with pytest.raises(ConnectionClosed) as closed:
            socket.next()
    assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null"])
def test_a_cookie_from_another_origin_does_not_count(server, user, chat, origin):
    with pytest.raises(InvalidStatus) as refused, open_socket(server, user, chat, Origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_token_needs_no_origin(server, user, chat):
    token = user.cookies["access_token"]
    with open_socket(server, user, chat, Origin="http://evil.example", Cookie="", Authorization=f"Bearer {token}") as s:
        user.patch(f"/api/chats/{chat}", json={"title": "Seen"})
        assert s.until("chat")["data"]["title"] == "Seen"


@pytest.mark.parametrize("whose", ["teammate", "outsider"])
def test_a_chat_of_somebody_else_is_no_chat(server, sign_in, demo, chat, whose):
    with open_socket(server, sign_in(demo[whose]), chat) as socket:
        assert socket.next()["data"]["reason"] == "There is no such chat."
        with pytest.raises(ConnectionClosed) as closed:
            socket.next()
    assert closed.value.rcvd.code == 4404


def test_an_unknown_address_is_refused(server, user):
    with pytest.raises(InvalidStatus) as refused, open_socket(server, user, "nonsense"):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("sent", ["", "{", "null", '{"type": "send"}', b"\xff"])
def test_what_a_client_says_is_ignored(server, user, chat, sent):
    with open_socket(server, user, chat) as socket:
        socket.connection.send(sent)
        user.patch(f"/api/chats/{chat}", json={"title": "Still here"})
        assert socket.until("chat")["data"]["title"] == "Still here"
