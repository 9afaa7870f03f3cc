"""The share contract over HTTP: what holds for every call of visitors."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sharing.actions import allow_sharing, change_share, revoke_share
from sharing.visits import cookie_name
from tenants.scope import tenant_scope
from tests.factories import ChatFactory, MessageFactory, ShareFactory
from tests.keys import new_key, with_key
from tests.sharing.visiting import CALLS, NOWHERE, ask, change, join, leave, look, place, said, say, told


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


SENTENCES = {revoke: "This link was revoked.", expire: "This link has expired."}


@pytest.mark.parametrize("end", [revoke, expire, switch_off, close_team, deactivate])
def test_a_link_that_ended_is_gone_for_all_calls(share, end):
    inside = Client()
    join(inside, share)
    end(share)
    for client in (inside, Client()):
        for method, path, body in CALLS:
            answer = ask(client, share, method, path, body)
            assert told(answer) == (410, "SHARE_GONE"), path
            assert answer.json()["detail"] == SENTENCES.get(end, "This link is closed for now.")
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


def test_an_address_that_tries_unknown_links_waits_and_shuts_nobody_out(share, monkeypatch):
    monkeypatch.setattr(settings, "SHARE_MISSES_PER_MINUTE", 3)
    for _ in range(3):
        assert told(look(Client(), NOWHERE)) == (404, "SHARE_NOT_FOUND")
    refused = join(Client(), NOWHERE)
    assert told(refused) == (429, "RATE_LIMITED")
    assert int(refused.headers["Retry-After"]) > 0
    assert join(Client(), share).status_code == 200


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
