"""The share contract over HTTP, for visitors: every call of theirs, every answer and every refusal."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chats.models import Attachment, Message
from sharing.actions import allow_sharing, change_share, revoke_share
from sharing.models import Participant, Share
from sharing.visits import cookie_name
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory, ShareFactory
from tests.keys import new_key, with_key

INFO = {
    "session_id",
    "title",
    "description",
    "expires_at",
    "max_concurrent_users",
    "current_users",
    "can_write",
    "history",
}
NOWHERE = "A" * 43
CALLS = [
    ("GET", "", None),
    ("POST", "/join", {}),
    ("POST", "/leave", {}),
    ("POST", "/message", {"user_message": "Hello"}),
    ("POST", "/heartbeat", {}),
    ("GET", "/stream", None),
]


@pytest.fixture
def chat(cast):
    chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team, name="Ada"), title="Bread")
    MessageFactory(chat=chat, author=cast.owner, position=1, content="How long does it rise?")
    MessageFactory(chat=chat, role="assistant", position=2, content="Twelve hours.")
    return chat


@pytest.fixture
def share(chat):
    return ShareFactory(chat=chat, title="Baking", description="Come and see", max_concurrent_users=2)


def ask(client, share, method, path="", body=None, **headers):
    token = share if isinstance(share, str) else share.token
    data = "" if body is None else json.dumps(body)
    return client.generic(method, f"/mid/share/{token}{path}", data, "application/json", headers=headers)


def look(client, share, **headers):
    return ask(client, share, "GET", **headers)


def join(client, share, body=None, **headers):
    return ask(client, share, "POST", "/join", body, **headers)


def say(client, share, text="Hello", **headers):
    return ask(client, share, "POST", "/message", {"user_message": text}, **headers)


def leave(client, share, body=None, **headers):
    return ask(client, share, "POST", "/leave", body, **headers)


def beat(client, share, **headers):
    return ask(client, share, "POST", "/heartbeat", **headers)


def told(answer):
    return answer.status_code, answer.json().get("error_code")


def place(token):
    return {"authorization": f"Share {token}"}


def change(share, **fields):
    with tenant_scope(share.team_id):
        Share.objects.filter(id=share.id).update(**fields)


def people(share):
    with tenant_scope(share.team_id):
        return list(Participant.objects.filter(share=share))


def lapse(share):
    """Let a minute pass in which nobody is heard from."""
    with tenant_scope(share.team_id):
        Participant.objects.filter(share=share).update(lease_until=timezone.now())


def said(share):
    with tenant_scope(share.team_id):
        return [message.content for message in Message.objects.filter(chat=share.chat).order_by("position")]


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
        assert message.keys() == {"role", "content", "id", "timestamp", "author", "status"}
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
    assert 0 < cookie["max-age"] <= 7 * 24 * 3600
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


def test_a_link_that_asks_for_a_name_lets_nobody_in_without(chat):
    share = ShareFactory(chat=chat, asks_name=True)
    client = Client()
    for body in ({}, {"display_name": ""}, {"display_name": " \u200b\t"}):
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
    client = Client()
    token = join(client, share).json()["participant_token"]
    leave(client, share)
    assert join(client, share).json()["participant_token"] == token
    assert len(people(share)) == 1


# Speaking


def test_a_message_starts_the_answer(share):
    client = Client()
    join(client, share, {"display_name": "Vera"})
    answer = say(client, share, "  And salt?\n")
    assert answer.status_code == 200
    wanted = {"success": True, "message": "Message sent successfully", "session_id": str(share.chat_id)}
    assert answer.json() == wanted
    *_, question, reply = look(client, share).json()["history"]
    assert (question["author"], question["content"], question["status"]) == ("Vera", "  And salt?\n", "complete")
    assert (reply["role"], reply["author"], reply["status"]) == ("assistant", "Ada", "streaming")
    assert people(share)[0].messages_sent == 1


def test_whoever_is_not_in_joins_by_their_message(share):
    client = Client()
    answer = say(client, share)
    token = answer.json()["participant_token"]
    assert answer.status_code == 200
    assert answer.cookies[cookie_name(share.id)].value == token
    assert beat(client, share).json()["current_users"] == 1
    assert look(client, share).json()["history"][-2]["author"] == "Guest"


def test_a_message_into_a_full_room_is_refused(share):
    for _ in range(2):
        join(Client(), share)
    assert told(say(Client(), share)) == (429, "SHARE_FULL")
    assert len(said(share)) == 2


def test_a_message_that_is_refused_takes_no_place(share):
    join(Client(), share)
    say(Client(), share)
    lapse(share)
    for client in (Client(), Client(), Client()):
        refused = say(client, share)
        assert told(refused) == (409, "RUN_IN_PROGRESS")
        assert refused.cookies == {}
    assert told(say(Client(), share, "  \n")) == (400, "EMPTY_MESSAGE")
    assert look(Client(), share).json()["current_users"] == 0


def test_whoever_is_in_keeps_their_place_when_a_message_is_refused(share):
    client = Client()
    join(client, share)
    say(client, share)
    assert told(say(client, share)) == (409, "RUN_IN_PROGRESS")
    assert beat(client, share).status_code == 200


@pytest.mark.parametrize("body", [{}, {"user_message": None}, {"user_message": ""}, {"message": "Hello"}])
def test_a_message_needs_a_text(share, body):
    answer = ask(Client(), share, "POST", "/message", body)
    assert (*told(answer), *answer.json()["errors"]) == (400, "VALIDATION_ERROR", "user_message")
    assert people(share) == []


def test_a_message_that_is_too_long_is_refused_before_anything_else(share):
    most = settings.SHARE_MESSAGE_CHARS
    assert told(say(Client(), share, "x" * (most + 1))) == (413, "MESSAGE_TOO_LONG")
    assert people(share) == []
    assert say(Client(), share, "x" * most).status_code == 200


def test_a_body_beyond_all_bounds_is_refused(share):
    assert told(say(Client(), share, "x" * settings.MAX_BODY_BYTES)) == (413, "TOO_LARGE")


def test_visitors_of_a_read_only_link_read(chat):
    share = ShareFactory(chat=chat, can_write=False)
    client = Client()
    shown = join(client, share).json()
    assert (shown["can_write"], len(shown["history"])) == (False, 2)
    assert told(say(client, share)) == (403, "SHARE_READ_ONLY")
    assert told(say(Client(), share)) == (403, "SHARE_READ_ONLY")
    assert (len(said(share)), look(client, share).json()["current_users"]) == (2, 1)


def test_a_link_takes_only_so_many_messages(chat):
    share = ShareFactory(chat=chat, max_messages=1)
    change(share, messages_sent=1)
    refused = say(Client(), share)
    assert told(refused) == (429, "SHARE_USED_UP")
    assert refused.headers["Retry-After"].isdigit()
    assert len(said(share)) == 2


def test_a_participant_says_only_so_much_a_minute(share, monkeypatch):
    monkeypatch.setattr(settings, "SHARE_MESSAGES_PER_VISITOR", 1)
    client = Client()
    say(client, share)
    with tenant_scope(share.team_id):
        Message.objects.filter(status="streaming").update(status="complete")
    assert told(say(client, share)) == (429, "RATE_LIMITED")
    assert say(Client(), share).status_code == 200


def test_visitors_never_learn_why_the_agent_cannot_be_asked(share):
    with tenant_scope(share.team_id):
        share.chat.agent.delete()
    answer = say(Client(), share)
    assert told(answer) == (503, "SHARE_CANNOT_ANSWER")
    assert "Ada" not in answer.content.decode()


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


# Of all calls


def revoke(share):
    with tenant_scope(share.team_id):
        revoke_share(share=share, by=None)


def expire(share):
    change(share, expires_at=timezone.now())


def switch_off(share):
    with tenant_scope(share.team_id):
        allow_sharing(team_id=share.team_id, allowed=False)


def close_team(share):
    type(share.team).objects.filter(id=share.team_id).update(is_active=False)


def deactivate(share):
    with tenant_scope(share.team_id):
        type(share.chat.user).objects.filter(id=share.chat.user_id).update(is_active=False)


@pytest.mark.parametrize("end", [revoke, expire, switch_off, close_team, deactivate])
def test_a_link_that_ended_is_gone_for_all_calls(share, end):
    inside = Client()
    join(inside, share)
    end(share)
    for client in (inside, Client()):
        for method, path, body in CALLS:
            answer = ask(client, share, method, path, body)
            assert told(answer) == (410, "SHARE_GONE"), path
            assert answer.json()["detail"] == f"This link {'has expired' if end is expire else 'was revoked'}."
    assert len(said(share)) == 2


def test_with_its_chat_a_link_is_unknown(share):
    client = Client()
    join(client, share)
    with tenant_scope(share.team_id):
        share.chat.delete()
    for method, path, body in CALLS:
        assert told(ask(client, share, method, path, body)) == (404, "SHARE_NOT_FOUND"), path


@pytest.mark.parametrize(
    "token", [NOWHERE, "x", "A" * 42, "A" * 44, "A" * 2000, "%00" * 43, "%C3%A9" * 43, "'" * 43, "%"]
)
def test_an_unknown_token_is_unknown_to_all_calls(db, token):
    for method, path, body in CALLS:
        answer = ask(Client(), token, method, path, body)
        assert told(answer) == (404, "SHARE_NOT_FOUND"), path
        assert answer.json()["detail"] == "There is no such link."


def test_a_token_that_differs_in_one_letter_opens_nothing(share):
    last = "B" if share.token[-1] != "B" else "A"
    for token in (share.token[:-1] + last, share.token.swapcase(), share.token[::-1]):
        assert told(look(Client(), token)) == (404, "SHARE_NOT_FOUND")


def test_an_address_that_tries_unknown_links_waits_whatever_it_tries_next(share, monkeypatch):
    monkeypatch.setattr(settings, "SHARE_MISSES_PER_MINUTE", 3)
    inside = Client()
    join(inside, share)
    for _ in range(3):
        assert told(look(Client(), NOWHERE)) == (404, "SHARE_NOT_FOUND")
    for token in (NOWHERE, share):
        refused = join(Client(), token)
        assert told(refused) == (429, "RATE_LIMITED")
        assert int(refused.headers["Retry-After"]) > 0
    assert look(inside, share).status_code == 200


def test_every_answer_is_kept_out_of_caches_search_engines_and_referrers(share):
    for token in (share, NOWHERE):
        for method, path, body in CALLS:
            headers = ask(Client(), token, method, path, body).headers
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Robots-Tag"] == "noindex"
            assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(("allowed", "path", "_body"), CALLS)
def test_any_other_method_is_refused_as_such(share, allowed, path, _body):
    wrong = {"GET", "POST", "PUT", "TRACE", *(["HEAD"] if path else [])} - {allowed}
    for method in wrong:
        answer = ask(Client(), share, method, path, {})
        assert answer.status_code == 405
        assert method == "HEAD" or answer.json()["error_code"] == "METHOD_NOT_ALLOWED"
        assert allowed in answer.headers["Allow"]
        assert method not in answer.headers["Allow"].split(", ")
    assert ask(Client(), share, "OPTIONS", path).status_code == 200


def test_the_head_of_a_room_is_told_like_the_room(share):
    for token, status in ((share, 200), (NOWHERE, 404)):
        answer = ask(Client(), token, "HEAD")
        assert (answer.status_code, answer.content) == (status, b"")


def test_whoever_is_signed_in_anywhere_visits_like_anybody(share, cast, client_of):
    credentials = [
        *({"authorization": client_of(one).defaults["HTTP_AUTHORIZATION"]} for one in (cast.owner, cast.outsider)),
        with_key(new_key(cast.other_admin)[1]),
        with_key(new_key(cast.other_team)[1]),
        with_key("parley_nonsense"),
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic bm9uZTpub25l"},
    ]
    client = Client()
    for headers in credentials:
        assert look(client, share, **headers).status_code == 200
        joined = join(client, share, **headers)
        assert joined.status_code == 200
        assert leave(client, share, **headers).json()["current_users"] == 0


def test_a_place_in_one_room_is_none_in_another(share, chat, cast):
    full = ShareFactory(chat=chat, max_concurrent_users=1)
    theirs = ShareFactory(chat=ChatFactory(user=cast.outsider), password="x")
    join(Client(), full)
    client = Client()
    token = join(client, share).json()["participant_token"]
    client.cookies[cookie_name(full.id)] = client.cookies[cookie_name(theirs.id)] = token
    for headers in ({}, place(token)):
        assert told(look(client, full, **headers)) == (429, "SHARE_FULL")
        assert told(say(client, full, **headers)) == (429, "SHARE_FULL")
        assert told(look(client, theirs, **headers)) == (403, "PASSWORD_REQUIRED")


def test_a_visitors_token_opens_no_call_of_the_team(share):
    client = Client()
    token = join(client, share).json()["participant_token"]
    chat = f"/api/chats/{share.chat_id}"
    for path in (
        "/api/auth/me",
        "/api/chats",
        chat,
        f"/mid/sessions/{share.chat_id}/shares",
        f"/mid/share/{token}/log",
    ):
        for headers in ({}, place(token), {"authorization": f"Bearer {token}"}, {"x-api-key": token}):
            assert client.get(path, headers=headers).status_code == 401, path
    assert told(ask(client, share, "DELETE", **place(token))) == (401, "NOT_AUTHENTICATED")
    assert told(ask(client, share, "DELETE")) == (401, "NOT_AUTHENTICATED")


def test_the_owner_changes_the_room_under_its_visitors_eyes(share):
    client = Client()
    join(client, share)
    with tenant_scope(share.team_id):
        change_share(share=share, title="New title", can_write=False)
    assert look(client, share).json()["title"] == "New title"
    assert told(say(client, share)) == (403, "SHARE_READ_ONLY")


def test_text_of_strangers_is_told_as_it_is(chat):
    share = ShareFactory(chat=chat, title="<script>alert(1)</script>")
    client = Client()
    answer = join(client, share, {"display_name": "<b>Vera</b>"})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["title"] == "<script>alert(1)</script>"
    say(client, share, "<img src=x onerror=alert(1)>")
    question = look(client, share).json()["history"][-2]
    assert (question["author"], question["content"]) == ("<b>Vera</b>", "<img src=x onerror=alert(1)>")


def test_a_call_asks_as_much_of_the_database_however_much_there_is(share):
    def queries():
        client, counts = Client(), []
        for method, path, body in [CALLS[1], CALLS[0], CALLS[4], CALLS[2]]:
            with CaptureQueriesContext(connection) as captured:
                assert ask(client, share, method, path, body).status_code == 200
            counts.append(len(captured))
        return counts

    queries()  # the first in its minute also tidies up
    few = queries()
    MessageFactory.create_batch(20, chat=share.chat, author=share.chat.user)
    change(share, max_concurrent_users=30)
    for _ in range(10):
        join(Client(), share)
    assert queries() == few
