"""The share contract, once from the first call to the last, as clients of it go through it."""

from contextlib import ExitStack

import pytest

from tests.live.people import Reading
from tests.live.visitors import Link, make_link

pytestmark = pytest.mark.processes
HTML = "<b>bold</b>"


def until(reading: Reading, wanted: str):
    return next(event for event in reading if event.type == wanted)


def calls_of(link: Link, client):
    """Make every public call of a link; return the answers by their call."""
    path = f"/mid/share/{link.token}"
    answers = {verb: client.post(f"{path}/{verb}") for verb in ("join", "leave", "heartbeat")}
    answers["message"] = client.post(f"{path}/message", json={"user_message": "Hello?"})
    return {**answers, "stream": client.get(f"{path}/stream"), "": client.get(path)}


def test_a_room_from_its_link_to_its_end(server, user, agent, chat):
    link = make_link(server, user, chat, title="Baking", expires_in_days=1, max_concurrent_users=2)
    path = f"/mid/share/{link.token}"
    with ExitStack() as stack:
        vera, tom, late = (stack.enter_context(link.visitor()) for _ in range(3))

        looked = vera.get(path)
        assert (looked.status_code, looked.json()["current_users"], dict(vera.cookies)) == (200, 0, {})
        joined = vera.post(f"{path}/join", json={"display_name": "Vera"}).json()
        assert (joined["title"], joined["session_id"], joined["history"]) == ("Baking", chat, [])
        assert list(vera.cookies.values()) == [joined["participant_token"]]
        assert vera.post(f"{path}/join").json()["participant_token"] == joined["participant_token"]

        with vera.stream("GET", f"{path}/stream") as response:
            assert response.headers["Cache-Control"] == "no-store"
            stream = Reading(response)
            assert until(stream, "presence").data["current_users"] == 1

            sent = tom.post(f"{path}/message", json={"user_message": HTML})  # joins by it
            assert (sent.status_code, sent.json()["session_id"]) == (200, chat)
            assert list(tom.cookies.values()) == [sent.json()["participant_token"]]
            said = until(stream, "user_message").data
            assert (said["author"], said["content"]) == ("Guest", HTML)
            call = agent.call().begin().say("Flour, ")
            stream.until("Flour, ")
            assert tom.post(f"{path}/message", json={"user_message": "Now?"}).status_code == 409
            call.say("water.").end()
            assert until(stream, "done").data["stopped"] is False
            assert stream.text == "Flour, water."
            assert agent.calls.empty()

            for refused in (late.get(path), late.post(f"{path}/join"), calls_of(link, late)["message"]):
                assert (refused.status_code, refused.json()["error_code"]) == (429, "SHARE_FULL")
                assert "Flour" not in refused.text
            assert (link.current_users, tom.post(f"{path}/heartbeat").json()["current_users"]) == (2, 2)
            assert [tom.post(f"{path}/leave").json()["current_users"] for _ in range(2)] == [1, 1]
            history = late.post(f"{path}/join").json()["history"]
            assert [(one["role"], one["content"]) for one in history] == [
                ("user", HTML),
                ("assistant", "Flour, water."),
            ]

            assert user.delete(path).json() == {"success": True, "message": "Share deleted"}
            assert stream.rest().type == "closed"
            assert stream.seen[-1].data["reason"] == "revoked"

        for client in (vera, late, tom):
            assert {name: answer.status_code for name, answer in calls_of(link, client).items()} == dict.fromkeys(
                ("join", "leave", "heartbeat", "message", "stream", ""), 410
            )
    assert [
        one["is_active"] for one in user.get(f"/mid/sessions/{chat}/shares?include_expired=true").json()["shares"]
    ] == [False]
    assert user.get(f"/mid/sessions/{chat}/shares").json() == {"shares": []}
    assert user.get(f"/mid/share/{link.token[::-1]}").status_code == 404
