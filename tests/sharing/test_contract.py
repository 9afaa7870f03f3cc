"""The share contract over HTTP, for visitors: looking in, joining, leaving, keeping a place."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from chats.models import Attachment
from sharing.models import Participant
from sharing.visits import cookie_name
from tenants.scope import tenant_scope
from tests.factories import MessageFactory, ShareFactory
from tests.sharing.visiting import INFO, ask, beat, join, lapse, leave, look, people, place, say, told

# Looking in


def test_whoever_has_the_token_sees_the_room_and_takes_no_place(share, cast):
    answer = look(Client(), share)
    assert answer.status_code == 200
    shown = answer.json()
    assert shown.keys() == INFO
    assert (shown["session_id"], shown["title"], shown["description"]) == (str(share.chat_id), "Baking", "Come and see")
    assert (shown["max_concurrent_users"], shown["current_users"]) == (2, 0)
    assert shown["expires_at"].endswith("Z")
    assert [(one["role"], one["content"], one["author"]) for one in shown["history"]] == [
        ("user", "How long does it rise?", cast.owner.full_name),
        ("assistant", "Twelve hours.", "Ada"),
    ]
    for message in shown["history"]:
        assert message.keys() == {"role", "content", "id", "timestamp", "author", "is_visitor", "status"}
        assert message["timestamp"].endswith("Z")
    assert people(share) == []
    assert answer.cookies == {}


def test_visitors_see_nothing_else_of_the_team(share, cast):
    with tenant_scope(cast.team.id):
        cast.owner.full_name = "owner@ours.org"
        cast.owner.save()
        type(cast.teammate).objects.filter(id=cast.teammate.id).update(full_name="")
        share.chat.metadata = {"secret": "metadata"}
        share.chat.save()
        share.chat.agent.system_prompt = "secret prompt"
        share.chat.agent.save()
    question = MessageFactory(chat=share.chat, author=cast.teammate, position=3, content="Q")
    notices = [{"id": 1, "kind": "tool", "title": "secret tool", "done": True}]
    failed = {"status": "failed", "error_code": "SECRET_CODE", "notices": notices}
    MessageFactory(chat=share.chat, role="assistant", position=4, content="A", **failed)
    with tenant_scope(cast.team.id):
        file = {"name": "secret.txt", "media_type": "text/plain", "size": 1, "data": b"x"}
        Attachment.objects.create(message=question, position=1, **file)
    answer = join(Client(), share)
    assert [one["author"] for one in answer.json()["history"]] == ["The host", "Ada", "A member", "Ada"]
    text = answer.content.decode()
    assert "ours.org" not in text
    assert "secret" not in text.lower()
    assert str(cast.team.id) not in text
    assert str(cast.owner.id) not in text


def test_a_link_from_here_on_shows_only_what_came_after(chat):
    share = ShareFactory(chat=chat, from_here_on=True)
    MessageFactory(chat=chat, position=3, content="And then?")
    assert [one["content"] for one in look(Client(), share).json()["history"]] == ["And then?"]
    assert [one["content"] for one in join(Client(), share).json()["history"]] == ["And then?"]


def test_a_full_room_is_shown_only_to_those_in_it(share):
    inside, outside = Client(), Client()
    join(inside, share)
    assert look(outside, share).status_code == 200
    join(Client(), share)
    answer = look(outside, share)
    assert told(answer) == (429, "SHARE_FULL")
    assert answer.headers["Retry-After"].isdigit()
    assert "rise" not in answer.content.decode()
    assert look(inside, share).json()["current_users"] == 2
    assert told(look(outside, share, **place("nobody"))) == (429, "SHARE_FULL")


def test_a_place_whose_lease_lapsed_is_free(share):
    gone = Client()
    join(gone, share)
    join(Client(), share)
    lapse(share)
    shown = look(Client(), share)
    assert (shown.status_code, shown.json()["current_users"]) == (200, 0)
    assert told(beat(gone, share)) == (403, "JOIN_FIRST")


# Joining


def test_joining_takes_a_place_and_gives_a_token_of_it(share):
    client = Client()
    answer = join(client, share, {"display_name": "  Vera   Visitor "})
    shown = answer.json()
    assert answer.status_code == 200
    assert shown.keys() == {*INFO, "participant_token"}
    assert shown["current_users"] == 1
    assert len(shown["history"]) == 2
    cookie = answer.cookies[cookie_name(share.id)]
    assert cookie.value == shown["participant_token"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 400 * 24 * 3600  # beyond the link's end, which can be moved
    assert [(one.name, one.address_prefix) for one in people(share)] == [("Vera Visitor", "127.0.0.0/24")]


def test_joining_again_keeps_the_place_and_the_token(share):
    client, other = Client(), Client()
    token = join(client, share).json()["participant_token"]
    again = join(client, share, {"display_name": "Vera"}).json()
    by_header = join(other, share, **place(token)).json()
    assert [one["participant_token"] for one in (again, by_header)] == [token, token]
    assert [one["current_users"] for one in (again, by_header)] == [1, 1]
    assert [one.name for one in people(share)] == ["Vera"]


def test_everybody_else_has_a_place_of_their_own_until_the_room_is_full(share):
    tokens = {join(Client(), share).json()["participant_token"] for _ in range(2)}
    assert len(tokens) == 2
    refused = join(Client(), share)
    assert told(refused) == (429, "SHARE_FULL")
    assert refused.cookies == {}
    assert len(people(share)) == 2


@pytest.mark.parametrize("sent", [{}, {"content_type": "application/json"}, {"content_type": "text/plain"}])
def test_joining_needs_no_body(share, sent):
    assert Client().generic("POST", f"/mid/share/{share.token}/join", b"", **sent).status_code == 200


def test_a_body_that_nobody_says_the_type_of_is_json(share):
    client = Client()
    answer = client.generic("POST", f"/mid/share/{share.token}/join", b'{"display_name": "Vera"}', content_type="")
    assert (answer.status_code, people(share)[0].name) == (200, "Vera")
    other = client.generic("POST", f"/mid/share/{share.token}/join", b"{}", content_type="text/plain")
    assert told(other) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path", ["/join", "/leave", "/message"])
@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'"x"',
        b"5",
        b"{",
        b"\xff",
        b'{"display_name": 5, "participant_token": 5, "user_message": 5}',
        b'{"display_name": [], "participant_token": {}, "user_message": true}',
        b'{"display_name": "\\u0000", "participant_token": "\\u0000", "user_message": "\\u0000"}',
        b'{"display_name": "\\ud800", "participant_token": "\\ud800", "user_message": "\\ud800"}',
    ],
)
def test_an_odd_body_is_refused_and_takes_no_place(share, path, body):
    answer = Client().generic("POST", f"/mid/share/{share.token}{path}", body, "application/json")
    assert answer.status_code == 400
    assert answer.json().keys() <= {"detail", "error_code", "errors"}
    assert people(share) == []


def test_a_name_that_is_too_long_is_refused(share):
    answer = join(Client(), share, {"display_name": "x" * 61})
    assert (*told(answer), *answer.json()["errors"]) == (400, "VALIDATION_ERROR", "display_name")
    assert join(Client(), share, {"display_name": "x" * 60}).status_code == 200


def test_null_is_a_name_that_is_not_given(share):
    assert join(Client(), share, {"display_name": None, "password": None}).status_code == 200
    assert people(share)[0].name == ""


def test_a_link_with_a_password_asks_for_it(chat):
    share = ShareFactory(chat=chat, password="open sesame")
    client = Client()
    for answer in (look(client, share), join(client, share), join(client, share, {"password": ""}), say(client, share)):
        assert told(answer) == (403, "PASSWORD_REQUIRED")
        assert "rise" not in answer.content.decode()
    assert told(join(client, share, {"password": "wrong"})) == (403, "WRONG_PASSWORD")
    assert people(share) == []
    assert join(client, share, {"password": "open sesame"}).status_code == 200
    assert (look(client, share).status_code, join(client, share).status_code) == (200, 200)


def test_tries_at_a_password_are_limited_and_a_good_one_is_none(chat):
    share = ShareFactory(chat=chat, password="open sesame", max_concurrent_users=50)
    for _ in range(settings.LOGIN_FAILURES_PER_ACCOUNT):
        assert join(Client(), share, {"password": "open sesame"}).status_code == 200
    for _ in range(settings.LOGIN_FAILURES_PER_ACCOUNT):
        assert told(join(Client(), share, {"password": "wrong"})) == (403, "WRONG_PASSWORD")
    refused = join(Client(), share, {"password": "open sesame"})
    assert told(refused) == (429, "RATE_LIMITED")
    assert int(refused.headers["Retry-After"]) > 0
    assert "from your network" in refused.json()["detail"]  # whoever reads it may have tried nothing


NO_NAMES = ["", " \u200b\t", "\u3164", "\uffa0", "\u2800", "\u115f\u1160", "\ufe0f", "\u0301"]


def test_a_link_that_asks_for_a_name_lets_nobody_in_without(chat):
    share = ShareFactory(chat=chat, asks_name=True)
    client = Client()
    for body in ({}, *({"display_name": name} for name in NO_NAMES)):
        assert told(join(client, share, body)) == (400, "NAME_REQUIRED")
    assert told(look(client, share)) == (403, "JOIN_FIRST")
    assert told(say(client, share)) == (403, "JOIN_FIRST")
    assert people(share) == []
    assert join(client, share, {"display_name": "Vera"}).status_code == 200
    assert (look(client, share).status_code, join(client, share).status_code) == (200, 200)


# Leaving


def test_leaving_gives_back_ones_own_place_once(share):
    clients = [Client(), Client()]
    for client in clients:
        join(client, share)
    for _ in range(3):
        assert leave(clients[0], share).json() == {"success": True, "current_users": 1}
    assert told(beat(clients[0], share)) == (403, "JOIN_FIRST")
    assert beat(clients[1], share).status_code == 200


def test_leaving_without_a_place_changes_nothing(share, chat):
    join(Client(), share)
    other = ShareFactory(chat=chat)
    foreign = join(Client(), other).json()["participant_token"]
    for headers, body in (
        ({}, None),
        (place("nobody"), None),
        (place(foreign), None),
        ({}, {"participant_token": foreign}),
        ({}, {"participant_token": "größe"}),
        ({"authorization": "Share"}, {}),
    ):
        answer = leave(Client(), share, body, **headers)
        assert (answer.status_code, answer.json()) == (200, {"success": True, "current_users": 1})
    assert look(Client(), other).json()["current_users"] == 1


def test_who_leaves_says_so_by_cookie_header_or_body(share):
    by_cookie = Client()
    join(by_cookie, share)
    assert leave(by_cookie, share).json()["current_users"] == 0
    token = join(Client(), share).json()["participant_token"]
    assert leave(Client(), share, **place(token)).json()["current_users"] == 0
    token = join(Client(), share).json()["participant_token"]
    assert leave(Client(), share, {"participant_token": token}).json()["current_users"] == 0
    assert all(one.left_at for one in people(share))


def test_whoever_left_may_come_again_with_the_same_token(share):
    token = join(Client(), share).json()["participant_token"]
    leave(Client(), share, **place(token))
    assert join(Client(), share, **place(token)).json()["participant_token"] == token
    assert len(people(share)) == 1


def test_a_browser_forgets_the_place_that_it_left_and_no_other(share):
    client = Client()
    join(client, share)
    other = join(Client(), share).json()["participant_token"]
    assert leave(client, share, {"participant_token": other}).cookies == {}
    assert leave(client, share).cookies[cookie_name(share.id)]["max-age"] == 0


def test_whoever_left_after_a_pause_must_say_the_password_again(chat):
    share = ShareFactory(chat=chat, password="open sesame")
    token = join(Client(), share, {"password": "open sesame"}).json()["participant_token"]
    lapse(share)
    assert join(Client(), share, **place(token)).status_code == 200
    lapse(share)
    leave(Client(), share, **place(token))
    assert told(join(Client(), share, **place(token))) == (403, "PASSWORD_REQUIRED")


# Keeping the place


def test_a_heartbeat_renews_the_lease(share):
    client = Client()
    join(client, share)
    with tenant_scope(share.team_id):
        Participant.objects.update(lease_until=timezone.now() + timedelta(seconds=2))
    assert beat(client, share).json() == {"current_users": 1, "max_concurrent_users": 2}
    assert people(share)[0].lease_until > timezone.now() + timedelta(seconds=50)


def test_only_who_is_in_has_a_place_to_keep(share, chat):
    foreign = join(Client(), ShareFactory(chat=chat)).json()["participant_token"]
    for headers in ({}, place("nobody"), place(foreign)):
        for answer in (beat(Client(), share, **headers), ask(Client(), share, "GET", "/stream", **headers)):
            assert told(answer) == (403, "JOIN_FIRST")
    assert people(share) == []
