"""The share contract over HTTP, for those who make, list, change and revoke links."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, User
from chats.models import ChatMember
from sharing.actions import allow_sharing, revoke_share
from sharing.leases import join, leave
from sharing.models import Participant, Share
from tenants.scope import tenant_scope
from tests.factories import ChatFactory, MessageFactory, ShareFactory
from tests.keys import new_key, with_key

MADE = {"share_token", "share_url", "expires_at", "title", "description", "max_concurrent_users"}
LISTED = {*MADE, "is_active", "current_users", "created_at"}
OPTIONS = {"can_write", "can_fork", "asks_name", "has_password", "max_messages", "messages_sent"}


@pytest.fixture
def chat(cast):
    return ChatFactory(user=cast.owner, title="Bread")


@pytest.fixture
def owner(cast, client_of):
    return client_of(cast.owner)


@pytest.fixture
def admin(cast, client_of):
    return client_of(cast.admin)


def ask(client, method, path, body=None, **headers):
    data = "" if body is None else json.dumps(body)
    return client.generic(method, f"/mid/{path}", data, "application/json", headers=headers)


def make(client, chat, body=None, **headers):
    return ask(client, "POST", f"sessions/{getattr(chat, 'id', chat)}/share", body, **headers)


def listed(client, chat, query=""):
    return ask(client, "GET", f"sessions/{getattr(chat, 'id', chat)}/shares{query}")


def titles(answer):
    assert answer.status_code == 200, answer.content
    return [share["title"] for share in answer.json()["shares"]]


def patch(client, share, body, **headers):
    return ask(client, "PATCH", f"share/{getattr(share, 'token', share)}", body, **headers)


def delete(client, share, **headers):
    return ask(client, "DELETE", f"share/{getattr(share, 'token', share)}", **headers)


def log(client, share, query=""):
    return ask(client, "GET", f"share/{getattr(share, 'token', share)}/log{query}")


def told(answer):
    return answer.status_code, answer.json().get("error_code")


def kept(share):
    with tenant_scope(share.team_id):
        return Share.objects.get(id=share.id)


def change(share, **fields):
    with tenant_scope(share.team_id):
        Share.objects.filter(id=share.id).update(**fields)


def shares_in(team):
    with tenant_scope(team.id):
        return list(Share.objects.all())


def days_from_now(text):
    return (datetime.fromisoformat(text) - datetime.now(UTC)) / timedelta(days=1)


# Making one


@pytest.mark.parametrize("body", [None, {}, dict.fromkeys(["title", "description", "expires_in_days", "password"])])
def test_a_link_is_made_of_nothing_but_a_chat(owner, chat, body):
    answer = make(owner, chat, body)
    made = answer.json()
    assert answer.status_code == 200
    assert made.keys() == LISTED | OPTIONS
    assert made["share_url"] == f"{settings.BASE_URL}/share/{made['share_token']}"
    assert made["expires_at"].endswith("Z")
    assert days_from_now(made["expires_at"]) == pytest.approx(7, abs=0.01)
    assert (made["title"], made["description"], made["max_concurrent_users"]) == ("Bread", "", 10)
    assert (made["is_active"], made["current_users"]) == (True, 0)
    options = [made[name] for name in ("can_write", "can_fork", "asks_name", "has_password", "max_messages")]
    assert options == [True, False, False, False, 200]
    assert Client().get(f"/mid/share/{made['share_token']}").status_code == 200


def test_a_link_is_made_as_it_is_wanted(owner, chat):
    MessageFactory(chat=chat, position=1)
    wanted = {
        "title": "<b>Baking</b>",
        "description": "One\nTwo",
        "max_concurrent_users": 1000,
        "can_write": False,
        "can_fork": True,
        "asks_name": True,
        "max_messages": 1,
    }
    answer = make(owner, chat, {**wanted, "expires_in_days": 365, "password": " open ", "from_here_on": True})
    made = answer.json()
    assert {name: made[name] for name in wanted} == wanted
    assert days_from_now(made["expires_at"]) == pytest.approx(365, abs=0.01)
    assert made["has_password"] is True
    assert " open " not in answer.content.decode()
    [share] = shares_in(chat.team)
    assert share.has_password(" open ")
    assert not share.has_password("open")
    assert share.from_position == 2


def test_an_empty_title_is_one(owner, chat):
    assert make(owner, chat, {"title": ""}).json()["title"] == ""


BAD_FIELDS = [
    ("expires_in_days", [0, -1, 366, 10**30, "7", 7.0, True, []]),
    ("max_concurrent_users", [0, -1, 1001, 10**30, "10", 1.5, False, {}]),
    ("max_messages", [0, 10_001, "1", True]),
    ("title", ["x" * 201, 5, [], {}]),
    ("description", ["x" * 1001, 5]),
    ("password", ["x" * 1025, 5, []]),
    *((name, ["true", 1, "", []]) for name in ("can_write", "can_fork", "asks_name")),
]


@pytest.mark.parametrize(("field", "values"), [*BAD_FIELDS, ("from_here_on", ["true", 1])])
def test_a_field_that_makes_no_sense_is_refused_by_name(owner, chat, field, values):
    for value in values:
        answer = make(owner, chat, {field: value})
        assert told(answer) == (400, "VALIDATION_ERROR"), value
        assert list(answer.json()["errors"]) == [field], value
    assert shares_in(chat.team) == []


@pytest.mark.parametrize(
    "body", [b"{", b"null", b"[]", b'"x"', b'{"title": "\\u0000"}', b'{"title": "\\ud800"}', b"\xff"]
)
def test_a_body_that_is_none_is_refused(owner, chat, body):
    answer = owner.generic("POST", f"/mid/sessions/{chat.id}/share", body, "application/json")
    assert answer.status_code == 400
    assert shares_in(chat.team) == []


def test_another_media_type_is_refused(owner, chat):
    answer = owner.post(f"/mid/sessions/{chat.id}/share", {"title": "x"})
    assert told(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_only_the_chats_own_person_makes_links(cast, chat, client_of):
    with tenant_scope(cast.team.id):
        ChatMember.objects.create(chat=chat, user=cast.teammate, can_write=True)
    for person in (cast.admin, cast.teammate, cast.outsider, cast.other_admin):
        client = client_of(person)
        foreign, absent = make(client, chat), make(client, uuid4())
        assert told(foreign) == (404, "NOT_FOUND")
        assert foreign.content == absent.content
    assert shares_in(cast.team) == []


def test_whoever_is_not_signed_in_makes_and_sees_no_links(chat):
    share = ShareFactory(chat=chat)
    for answer in (make(Client(), chat), listed(Client(), chat), delete(Client(), share), log(Client(), share)):
        assert told(answer) == (401, "NOT_AUTHENTICATED")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert kept(share).revoked_at is None


@pytest.mark.parametrize("chat_id", ["x", "1", "None", "%00", "A" * 32, "{upper}", "{plain}"])
def test_a_malformed_id_is_an_absent_one(owner, chat, chat_id):
    odd = chat_id.format(upper=str(chat.id).upper(), plain=chat.id.hex)
    for answer in (make(owner, odd), listed(owner, odd)):
        assert told(answer) == (404, "NOT_FOUND")


def test_where_a_team_allows_no_sharing_no_link_is_made(owner, chat):
    with tenant_scope(chat.team_id):
        allow_sharing(team_id=chat.team_id, allowed=False)
    assert told(make(owner, chat)) == (403, "SHARING_OFF")
    assert shares_in(chat.team) == []


# Listing them


def test_links_are_listed_newest_first_as_they_were_made(owner, chat):
    made = [make(owner, chat, {"title": f"Link {number}"}).json() for number in (1, 2)]
    ShareFactory(chat=ChatFactory(user=chat.user), title="another chat's")
    assert listed(owner, chat).json() == {"shares": made[::-1]}


def test_links_are_listed_with_who_is_in(owner, chat):
    share = ShareFactory(chat=chat)
    other = ShareFactory(chat=chat, max_concurrent_users=1)
    with tenant_scope(share.team_id):
        tokens = [join(share).token for _ in range(3)]
        join(other)
        join(other, may_wait=True)
        leave(share, token=tokens[0])
    shown = {one["share_token"]: one["current_users"] for one in listed(owner, chat).json()["shares"]}
    assert shown == {share.token: 2, other.token: 1}
    with tenant_scope(share.team_id):
        Participant.objects.update(lease_until=timezone.now())
    assert [one["current_users"] for one in listed(owner, chat).json()["shares"]] == [0, 0]


def test_links_that_ended_are_listed_when_asked_for(owner, chat):
    ShareFactory(chat=chat, title="open")
    change(ShareFactory(chat=chat, title="expired"), expires_at=timezone.now())
    change(ShareFactory(chat=chat, title="revoked"), revoked_at=timezone.now())
    for query in ("", "?include_expired=false", "?include_expired=0"):
        assert titles(listed(owner, chat, query)) == ["open"]
    for query in ("?include_expired=true", "?include_expired=1"):
        answer = listed(owner, chat, query)
        assert titles(answer) == ["revoked", "expired", "open"]
        assert [one["is_active"] for one in answer.json()["shares"]] == [False, False, True]
    refused = listed(owner, chat, "?include_expired=perhaps")
    assert (*told(refused), *refused.json()["errors"]) == (400, "VALIDATION_ERROR", "include_expired")


def test_links_of_a_team_that_allows_no_sharing_are_not_active(owner, chat):
    ShareFactory(chat=chat)
    with tenant_scope(chat.team_id):
        allow_sharing(team_id=chat.team_id, allowed=False)
    assert [one["is_active"] for one in listed(owner, chat).json()["shares"]] == [False]


def test_the_chats_person_and_the_teams_admins_list_nobody_else(cast, chat, client_of):
    ShareFactory(chat=chat, title="Baking")
    with tenant_scope(cast.team.id):
        ChatMember.objects.create(chat=chat, user=cast.teammate, can_write=True)
    for person in (cast.owner, cast.admin):
        assert titles(listed(client_of(person), chat)) == ["Baking"]
    for person in (cast.teammate, cast.outsider, cast.other_admin):
        client = client_of(person)
        foreign, absent = listed(client, chat), listed(client, uuid4())
        assert told(foreign) == (404, "NOT_FOUND")
        assert foreign.content == absent.content


# Revoking


def test_the_owner_and_an_admin_revoke(owner, admin, chat, cast):
    for client, person in ((owner, cast.owner), (admin, cast.admin)):
        share = ShareFactory(chat=chat)
        for _ in range(2):  # repeating it changes nothing
            answer = delete(client, share)
            assert (answer.status_code, answer.json()) == (200, {"success": True, "message": "Share deleted"})
        assert told(ask(Client(), "GET", f"share/{share.token}")) == (410, "SHARE_GONE")
        assert kept(share).revoked_by_id == person.id
    with tenant_scope(cast.team.id):
        assert AuditEntry.objects.filter(action="share.revoked").count() == 2


def test_to_anybody_else_a_link_to_revoke_change_or_look_up_is_absent(cast, chat, client_of):
    share = ShareFactory(chat=chat)
    with tenant_scope(cast.team.id):
        ChatMember.objects.create(chat=chat, user=cast.teammate, can_write=True)
    for person in (cast.teammate, cast.outsider, cast.other_admin):
        client = client_of(person)
        for call in (delete, log, lambda *who: patch(*who, {"title": "mine"})):
            foreign, absent, odd = call(client, share), call(client, "A" * 43), call(client, "%00")
            assert told(foreign) == (404, "SHARE_NOT_FOUND")
            assert foreign.content == absent.content == odd.content
    assert (kept(share).revoked_at, kept(share).title) == (None, "What we talked about")
    assert ask(Client(), "GET", f"share/{share.token}").status_code == 200


# Changing


def test_a_link_is_changed_where_it_is_said(owner, chat):
    share = ShareFactory(chat=chat, title="Old", description="stays", password="open")
    changed = patch(owner, share, {"title": "New", "can_write": False, "max_concurrent_users": 3, "description": None})
    assert changed.status_code == 200
    shown = changed.json()
    assert (shown["title"], shown["description"], shown["can_write"]) == ("New", "stays", False)
    assert (shown["max_concurrent_users"], shown["has_password"]) == (3, True)
    assert listed(owner, chat).json() == {"shares": [shown]}


def test_a_password_is_changed_and_taken_away(owner, chat):
    share = ShareFactory(chat=chat, password="open")
    patch(owner, share, {"password": "sesame"})
    assert (kept(share).has_password("sesame"), kept(share).has_password("open")) == (True, False)
    assert patch(owner, share, {"password": ""}).json()["has_password"] is False


def test_a_link_is_extended_also_after_its_end(owner, chat):
    share = ShareFactory(chat=chat)
    change(share, expires_at=timezone.now() - timedelta(days=1))
    shown = patch(owner, share, {"expires_in_days": 30}).json()
    assert days_from_now(shown["expires_at"]) == pytest.approx(30, abs=0.01)
    assert shown["is_active"] is True
    assert ask(Client(), "GET", f"share/{share.token}").status_code == 200


@pytest.mark.parametrize(("field", "values"), BAD_FIELDS)
def test_a_change_that_makes_no_sense_is_refused_by_name(owner, chat, field, values):
    share = ShareFactory(chat=chat)
    for value in values:
        answer = patch(owner, share, {"description": "changed", field: value})
        assert (*told(answer), *answer.json()["errors"]) == (400, "VALIDATION_ERROR", field), value
    assert kept(share).description == ""


def test_a_change_of_nothing_is_none(owner, chat):
    share = ShareFactory(chat=chat)
    assert patch(owner, share, {}).status_code == 200
    with tenant_scope(chat.team_id):
        assert not AuditEntry.objects.filter(action="share.changed").exists()


def test_an_admin_extends_a_link_and_opens_it_no_further(admin, chat):
    share = ShareFactory(chat=chat, password="open")
    extended = patch(admin, share, {"expires_in_days": 30}).json()
    assert days_from_now(extended["expires_at"]) == pytest.approx(30, abs=0.01)
    for body in ({"password": ""}, {"expires_in_days": 1, "can_write": True}):
        assert told(patch(admin, share, body)) == (403, "PERMISSION_DENIED")
    assert kept(share).has_password("open")
    assert days_from_now(kept(share).expires_at.isoformat()) == pytest.approx(30, abs=0.01)


def test_a_revoked_link_stays_revoked(owner, chat):
    share = ShareFactory(chat=chat)
    with tenant_scope(share.team_id):
        revoke_share(share=share, by=None)
    assert told(patch(owner, share, {"expires_in_days": 30, "title": "New"})) == (410, "SHARE_GONE")
    assert kept(share).title == "What we talked about"


# Who came


def test_the_log_says_who_came_when_and_how_much_they_said(owner, admin, chat):
    share = ShareFactory(chat=chat, max_concurrent_users=2)
    client = Client()
    body = {"display_name": "Vera"}
    client.post(f"/mid/share/{share.token}/join", body, content_type="application/json")
    with tenant_scope(share.team_id):
        gone = join(share, name="Gone")
        leave(share, token=gone.token)
        lapsed = join(share, name="Lapsed").participant
        Participant.objects.filter(id=lapsed.id).update(lease_until=timezone.now(), messages_sent=4)
    shown = log(owner, share).json()
    assert shown["total"] == 3
    lapsed, gone, vera = shown["participants"]
    assert vera.keys() == {"name", "address_prefix", "asked_at", "came_at", "left_at", "is_here", "messages_sent"}
    assert [one["name"] for one in (lapsed, gone, vera)] == ["Lapsed", "Gone", "Vera"]
    assert [one["is_here"] for one in (lapsed, gone, vera)] == [False, False, True]
    assert [one["left_at"] is None for one in (lapsed, gone, vera)] == [False, False, True]
    assert (lapsed["messages_sent"], vera["address_prefix"]) == (4, "127.0.0.0/24")
    assert log(admin, share).json() == shown
    second = log(owner, share, "?limit=1&offset=1").json()
    assert second == {"participants": [gone], "total": 3}


def test_nobody_is_in_a_room_that_is_closed(cast, owner, chat):
    share = ShareFactory(chat=chat)
    with tenant_scope(share.team_id):
        join(share, name="Vera")
    assert listed(owner, chat).json()["shares"][0]["current_users"] == 1
    delete(owner, share)
    (ended,) = listed(owner, chat, "?include_expired=true").json()["shares"]
    assert (ended["is_active"], ended["current_users"]) == (False, 0)
    (vera,) = log(owner, share).json()["participants"]
    assert (vera["is_here"], vera["left_at"] is None) == (False, False)


def test_a_new_password_puts_everybody_out_and_the_answer_says_so(owner, chat):
    share = ShareFactory(chat=chat)
    with tenant_scope(share.team_id):
        join(share, name="Vera")
    assert patch(owner, share, {"title": "New"}).json()["current_users"] == 1
    assert patch(owner, share, {"password": "sesame"}).json()["current_users"] == 0


def test_a_link_on_hold_is_not_called_revoked(cast, owner, admin, chat):
    share = ShareFactory(chat=chat)
    with tenant_scope(cast.team.id):
        allow_sharing(team_id=cast.team.id, allowed=False)
    assert told(patch(owner, share, {"expires_in_days": 30})) == (403, "SHARING_OFF")
    with tenant_scope(cast.team.id):
        allow_sharing(team_id=cast.team.id, allowed=True)
        User.objects.filter(id=cast.owner.id).update(is_active=False)
    assert told(patch(admin, share, {"expires_in_days": 30})) == (403, "SHARING_OFF")
    assert days_from_now(kept(share).expires_at.isoformat()) == pytest.approx(7, abs=0.01)


def test_a_title_is_held_to_the_same_rule_as_on_the_page(cast, owner):
    chat = ChatFactory(user=cast.owner, title="err \x1b[31mred")
    share = ShareFactory(chat=chat)
    for answer in (make(owner, chat, {"title": "line\nbreak"}), patch(owner, share, {"title": "line\nbreak"})):
        assert (*told(answer), *answer.json()["errors"]) == (400, "VALIDATION_ERROR", "title")
    assert make(owner, chat).json()["title"] == "err [31mred"


def test_a_link_whose_key_is_lost_is_listed(owner, chat, settings):
    share = ShareFactory(chat=chat)
    token = share.token
    settings.FIELD_KEYS = ["another-key-that-opens-nothing-at-all-0000"]
    (shown,) = listed(owner, chat).json()["shares"]
    assert (shown["share_token"], shown["share_url"], shown["is_active"]) == ("", "", True)
    assert patch(owner, token, {"title": "New"}).status_code == 200
    assert delete(owner, token).status_code == 200


@pytest.mark.parametrize("query", ["?limit=0", "?limit=201", "?limit=x", "?offset=-1", f"?offset={10**30}"])
def test_a_page_of_the_log_that_makes_no_sense_is_refused(owner, chat, query):
    assert told(log(owner, ShareFactory(chat=chat), query)) == (400, "VALIDATION_ERROR")


# Of all calls


def test_a_key_does_what_its_person_may_and_its_scopes_say(cast, chat):
    keys = {scope: with_key(new_key(cast.owner, [f"shares:{scope}"])[1]) for scope in ("read", "write")}
    share = ShareFactory(chat=chat)
    assert make(Client(), chat, **keys["write"]).status_code == 200
    assert told(make(Client(), chat, **keys["read"])) == (403, "SCOPE_REQUIRED")
    assert patch(Client(), share, {"title": "New"}, **keys["write"]).status_code == 200
    assert told(delete(Client(), share, **keys["read"])) == (403, "SCOPE_REQUIRED")
    others = with_key(new_key(cast.teammate)[1])
    assert told(delete(Client(), share, **others)) == (404, "SHARE_NOT_FOUND")
    assert delete(Client(), share, **with_key(new_key(cast.admin)[1])).status_code == 200


@pytest.mark.parametrize(("path", "allowed"), [("share", "POST"), ("shares", "GET")])
def test_any_other_method_is_refused_as_such(owner, chat, path, allowed):
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {allowed}:
        answer = ask(owner, method, f"sessions/{chat.id}/{path}", {})
        assert told(answer) == (405, "METHOD_NOT_ALLOWED")
        assert allowed in answer.headers["Allow"].split(", ")


def test_a_call_asks_as_much_of_the_database_however_many_links_there_are(owner, chat):
    def queries():
        counts = []
        for call in (make, listed):
            with CaptureQueriesContext(connection) as captured:
                assert call(owner, chat).status_code == 200
            counts.append(len(captured))
        return counts

    few = queries()
    for _ in range(5):
        with tenant_scope(chat.team_id):
            join(ShareFactory(chat=chat))
    assert queries() == few
