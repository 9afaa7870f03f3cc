"""Colleagues in one chat of a running server: each sees at once what the others say, read, and are put out."""

import pytest
from websockets.exceptions import ConnectionClosed

from tests.live.sockets import open_socket

pytestmark = pytest.mark.processes


def let_in(user, chat, *members):
    answer = user.put(f"/api/chats/{chat}/members", json={"members": [*members]})
    assert answer.status_code == 200, answer.text


def id_of(person):
    return person.get("/api/auth/me").json()["id"]


def test_two_people_watch_and_speak_in_one_chat_until_one_is_put_out(server, user, sign_in, demo, chat, agent):
    mate = sign_in(demo["teammate"])
    let_in(user, chat, {"user_id": id_of(mate)})
    with open_socket(server, user, chat) as own, open_socket(server, mate, chat) as theirs:
        refused = mate.post(f"/api/chats/{chat}/messages", json={"content": "Hi"})
        assert (refused.status_code, refused.json()["error_code"]) == (403, "CHAT_READ_ONLY")
        let_in(user, chat, {"user_id": id_of(mate), "can_write": True})
        assert theirs.until("rights")["data"] == {"can_write": True}
        with mate.sending(chat, "Hi from me") as reading:
            agent.call().begin().say("for both ")
            for socket in (own, theirs):
                assert socket.until("entry")["data"]["message"]["content"] == "Hi from me"
                socket.until_text("for both ")
            assert user.post(f"/api/chats/{chat}/stop").json()["stopped"] is True
            reading.rest()
        question, answer = mate.messages(chat)
        assert own.until("done")["data"]["message_id"] == theirs.until("done")["data"]["message_id"] == answer["id"]
        mate.post(f"/api/chats/{chat}/read", json={"message_id": answer["id"]})
        told = own.until("read", seconds=5)["data"]
        assert (told["user_id"], told["message_id"], told["position"]) == (id_of(mate), answer["id"], 2)
        let_in(user, chat)
        assert theirs.until("closed", seconds=6)["data"]["reason"] == "This chat is no longer shared with you."
        with pytest.raises(ConnectionClosed) as closed:
            theirs.next()
        assert closed.value.rcvd.code == 4404
        assert "read" not in [frame["type"] for frame in theirs.seen]
    assert mate.get(f"/api/chats/{chat}").status_code == 404
    assert [message["content"] for message in user.messages(chat)][:1] == [question["content"]]
