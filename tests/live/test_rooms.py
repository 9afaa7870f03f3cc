"""Rooms at a running server: everybody sees the same answer grow, and the room closes before everybody's eyes."""

import time
from contextlib import ExitStack, contextmanager

import pytest
from websockets.exceptions import ConnectionClosed

from tests.live.conftest import add_agent
from tests.live.people import Person
from tests.live.sockets import open_socket
from tests.live.visitors import make_link
from tests.servers import start_beside

pytestmark = pytest.mark.processes
SOON = 2.0
IN_TEAM = "from tenants.scope import unsafe_all_tenants\nwith unsafe_all_tenants(reason='test'):\n    "


@pytest.fixture
def room(server, user, chat):
    return make_link(server, user, chat)


def until(stream, kind):
    return next(event for event in stream if event.type == kind).data


def test_visitors_and_the_owner_see_one_answer_grow_from_one_call(server, user, chat, agent, room):
    ann, bob, eve = (room.join() for _ in range(3))
    with room.socket(ann) as first, room.socket(bob) as second, room.reading(eve) as stream:
        assert [socket.next()["data"]["state"] for socket in (first, second)] == ["in", "in"]
        assert until(stream, "presence")["max_concurrent_users"] == 10
        with open_socket(server, user, chat) as page:
            assert page.until("company")["data"]["visitors"] == 3
            assert room.call("message", token=ann, user_message="Hi <b>all</b>").status_code == 200
            call = agent.call().begin().say("same ")
            said = first.until("user_message")["data"]
            assert (said["author"], said["content"]) == ("Guest", "Hi <b>all</b>")
            for socket in (first, second, page):
                socket.until_text("same ")
            with room.socket(bob) as late:  # a second window of Bob's, opened in the middle
                late.until_text("same ")
                call.say("text").end()
                ends = [socket.until("done") for socket in (first, second, page, late)]
        assert until(stream, "done")["stopped"] is False
    assert first.text == second.text == page.text == late.text == stream.text == "same text"
    assert len({end["id"] for end in ends}) == len({end["data"]["message_id"] for end in ends}) == 1
    assert agent.calls.empty()


@contextmanager
def watched(link):
    """Two who watch the room, one by a socket and one by a stream; yields a function that says how it ended."""
    with link.socket(link.join()) as socket, link.reading(link.join()) as stream:
        socket.until("presence")
        until(stream, "presence")

        def ended(since):
            reasons = socket.until("closed")["data"]["reason"], until(stream, "closed")["reason"]
            assert time.monotonic() - since < SOON
            with pytest.raises(ConnectionClosed) as closed:
                socket.next()
            assert list(stream) == []
            return *reasons, closed.value.rcvd.code

        yield ended


def test_a_room_that_was_revoked_has_expired_or_lost_its_chat_closes_for_everybody(server, user, demo, agent, admin):
    agent_id = add_agent(admin, agent.url)
    rooms = [make_link(server, user, user.new_chat(agent_id)) for _ in range(3)]
    with ExitStack() as stack:
        revoked, expired, deleted = (stack.enter_context(watched(room)) for room in rooms)
        now = time.monotonic()
        assert user.delete(f"/mid/share/{rooms[0].token}").status_code == 200
        assert revoked(now) == ("revoked", "revoked", 4410)
        now = time.monotonic()
        assert user.delete(f"/api/chats/{rooms[2].chat}").status_code == 204
        assert deleted(now) == ("deleted", "deleted", 4410)
        # Nobody tells the room what is changed by hand: it looks by itself.
        chat = rooms[1].chat
        server.manage(
            "shell",
            "-c",
            "from datetime import timedelta\nfrom django.utils import timezone\nfrom sharing.models import Share\n"
            f"{IN_TEAM}Share.objects.filter(chat_id='{chat}').update(expires_at=timezone.now())",
        )
        assert expired(time.monotonic()) == ("expired", "expired", 4410)
    assert [room.call("join").status_code for room in rooms] == [410, 410, 404]


def test_the_page_of_the_chat_and_its_visitors_see_who_types_and_who_is_here(server, user, chat, room):
    token = room.join()
    with open_socket(server, user, chat) as page, room.socket(token) as visitor:
        assert page.until("company")["data"]["sentence"] == "Shared · 1 of 10 visitors here"
        visitor.until("presence")
        visitor.connection.send('{"type": "typing"}')
        while not (company := page.until("company")["data"])["typing"]:
            pass
        assert company["typing"] == ["Guest"]
        page.connection.send('{"type": "typing"}')
        host = user.get("/api/auth/me").json()["full_name"] or "The host"
        assert visitor.until("presence")["data"]["typing"] == [host]
        assert "@" not in host
        user.delete(f"/mid/share/{room.token}")
        assert page.until("company")["data"]["sentence"] == "This link was revoked."


def test_a_room_closes_in_a_process_that_is_told_nothing(server, user, chat, room):
    with start_beside(server) as other, watched(room.at(other)) as ended:
        now = time.monotonic()
        assert user.delete(f"/mid/share/{room.token}").status_code == 200
        assert ended(now) == ("revoked", "revoked", 4410)


def test_two_processes_share_a_room(pair, agent):
    """One line, one answer, one end, whichever server a visitor came to."""
    here, there, demo = pair
    with Person(here, demo["user"]["email"], demo["user"]["password"]) as owner, ExitStack() as stack:
        with Person(here, demo["admin"]["email"], demo["admin"]["password"]) as admin:
            chat = owner.new_chat(add_agent(admin, agent.url))
        near = make_link(here, owner, chat, max_concurrent_users=2)
        far = near.at(there)
        ann, bob, eve = near.join(), far.join(), far.wait_in_line()
        first, second = stack.enter_context(near.socket(ann)), stack.enter_context(far.socket(bob))
        waiting = stack.enter_context(far.socket(eve))
        for socket, state in ((first, "in"), (second, "in"), (waiting, "waiting")):
            assert socket.until("seat")["data"]["state"] == state
        first.connection.send('{"type": "typing"}')
        while not (presence := second.until("presence")["data"])["typing"]:
            pass
        assert (presence["typing"], presence["current_users"], presence["waiting"]) == (["Guest"], 2, 1)
        assert near.call("message", token=ann, user_message="Hi").status_code == 200
        call = agent.call().begin().say("same ")
        for socket in (first, second):
            socket.until_text("same ")
        call.say("text").end()
        assert first.until("done")["id"] == second.until("done")["id"]
        assert first.text == second.text == "same text"
        assert near.call("leave", token=ann).status_code == 200
        assert waiting.until("seat", seconds=5)["data"]["state"] == "in"
        now = time.monotonic()
        assert owner.delete(f"/mid/share/{near.token}").status_code == 200
        assert waiting.until("closed")["data"]["reason"] == second.until("closed")["data"]["reason"] == "revoked"
        assert time.monotonic() - now < SOON
