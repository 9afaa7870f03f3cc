"""Chats over HTTP: each call, each refusal, and that they are one's own."""

import json
from uuid import uuid4

import pytest

from agents.models import Agent
from chats import actions
from chats.models import Chat, Message
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory

FIELDS = {
    *("id", "team_id", "user_id", "agent_id", "title", "messages", "metadata", "is_archived"),
    *("created_at", "updated_at"),
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(cast):
    return AgentFactory(team=cast.team)


@pytest.fixture
def chat(cast, agent):
    chat = ChatFactory(user=cast.owner, agent=agent, title="Mine")
    MessageFactory(chat=chat, position=1, content="a secret question", author=cast.owner)
    return chat


def send(client, method, path, body, **headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.generic(method, path, body, content_type="application/json", headers=headers)


def refused(response):
    body = response.json()
    assert set(body) <= {"detail", "error_code", "errors"}
    assert isinstance(body["detail"], str)
    assert body["error_code"].isupper()
    return response.status_code, body["error_code"]


def test_a_chat_is_begun(cast, owner, agent):
    response = send(owner, "POST", "/api/chats", {"agent_id": str(agent.id), "title": "T", "metadata": {"a": [1]}})
    body = response.json()
    assert response.status_code == 201
    assert set(body) == FIELDS
    assert (body["title"], body["metadata"], body["messages"], body["is_archived"]) == ("T", {"a": [1]}, [], False)
    assert (body["user_id"], body["team_id"], body["agent_id"]) == (
        str(cast.owner.id),
        str(cast.team.id),
        str(agent.id),
    )
    assert body["created_at"].endswith("Z")
    assert owner.get(f"/api/chats/{body['id']}").json() == body


def test_no_chat_with_an_agent_that_is_not_there(cast, owner):
    foreign = AgentFactory(team=cast.other_team)
    inactive = AgentFactory(team=cast.team, is_active=False)
    answers = [send(owner, "POST", "/api/chats", {"agent_id": str(a)}) for a in (foreign.id, inactive.id, uuid4())]
    assert {refused(answer) for answer in answers} == {(404, "AGENT_NOT_FOUND")}
    assert len({answer.content for answer in answers}) == 1


def test_the_list_is_ones_own_newest_first_with_the_last_messages(cast, owner, chat):
    ChatFactory(user=cast.teammate, agent=chat.agent)
    ChatFactory(user=cast.outsider)
    archived = ChatFactory(user=cast.owner, agent=chat.agent, is_archived=True)
    newest = ChatFactory(user=cast.owner, agent=chat.agent)
    response = owner.get("/api/chats")
    assert [row["id"] for row in response.json()] == [str(newest.id), str(chat.id)]
    assert response["X-Total-Count"] == "2"
    listed = owner.get("/api/chats?include_archived=true").json()
    assert [row["id"] for row in listed] == [str(newest.id), str(archived.id), str(chat.id)]


def test_the_list_comes_in_pages(cast, owner, agent):
    chats = [ChatFactory(user=cast.owner, agent=agent) for _ in range(5)]
    response = owner.get("/api/chats?limit=2&offset=2")
    assert [row["id"] for row in response.json()] == [str(chats[2].id), str(chats[1].id)]
    assert response["X-Total-Count"] == "5"
    assert response["Link"] == (
        '<http://testserver/api/chats?limit=2&offset=0>; rel="prev", '
        '<http://testserver/api/chats?limit=2&offset=4>; rel="next"'
    )
    assert "Link" not in owner.get("/api/chats?limit=5")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=x",
        "limit=1e9",
        "limit=٣",
        "limit=1_0",
        "limit=07",
        "limit=201",
        "offset=-1",
        "offset=99999999999",
        "include_archived=ja",
    ],
)
def test_a_senseless_page_is_refused(owner, query):
    assert refused(owner.get(f"/api/chats?{query}")) == (400, "VALIDATION_ERROR")


def test_a_chat_is_shown_with_all_messages(owner, chat):
    for position in range(2, 8):
        MessageFactory(chat=chat, position=position, content=str(position))
    body = owner.get(f"/api/chats/{chat.id}").json()
    assert set(body) == FIELDS
    assert [message["content"] for message in body["messages"]] == ["a secret question", *"234567"]
    assert set(body["messages"][0]) == {"id", "role", "content", "timestamp", "status", "run_id", "notices"}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_parts_of_a_chat_are_changed(owner, chat, method):
    response = send(owner, method, f"/api/chats/{chat.id}", {"title": "New", "unknown": 1})
    assert (response.status_code, response.json()["title"]) == (200, "New")
    response = send(owner, method, f"/api/chats/{chat.id}", {"is_archived": True, "metadata": {"k": None}})
    body = response.json()
    assert (body["title"], body["is_archived"], body["metadata"]) == ("New", True, {"k": None})


def test_a_deleted_chat_is_gone_with_its_messages(owner, chat):
    assert owner.delete(f"/api/chats/{chat.id}").status_code == 204
    assert refused(owner.get(f"/api/chats/{chat.id}")) == (404, "NOT_FOUND")
    with tenant_scope(chat.team_id):
        assert not Message.objects.filter(chat_id=chat.id).exists()
        assert Agent.objects.filter(id=chat.agent_id).exists()


CALLS = [
    ("GET", ""),
    ("PUT", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/messages"),
    ("GET", "/stream"),
    ("POST", "/stop"),
]


@pytest.mark.parametrize(("method", "call"), CALLS)
def test_a_chat_of_somebody_else_is_a_chat_that_does_not_exist(cast, client_of, chat, method, call):
    for person in (cast.teammate, cast.admin, cast.outsider, cast.other_admin, cast.operator):
        client = client_of(person)
        body = {"title": "Hijacked", "content": "Hi"}
        theirs = send(client, method, f"/api/chats/{chat.id}{call}", body)
        absent = send(client, method, f"/api/chats/{uuid4()}{call}", body)
        assert refused(theirs) == (404, "NOT_FOUND")
        assert theirs.content == absent.content
        assert b"secret" not in theirs.content
    with tenant_scope(cast.team.id):
        assert Chat.objects.get(id=chat.id).title == "Mine"


@pytest.mark.parametrize(("method", "call"), [*CALLS, ("GET", None), ("POST", None)])
def test_nobody_gets_in_without_credentials(client, chat, method, call):
    path = "/api/chats" if call is None else f"/api/chats/{chat.id}{call}"
    response = send(client, method, path, {})
    assert refused(response) == (401, "NOT_AUTHENTICATED")
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("bad", ["x", "1", "A" * 36, "%00", "..", "ffffffff-ffff-ffff-ffff-fffffffffffF"])
def test_a_malformed_id_is_nothing(owner, bad):
    assert refused(owner.get(f"/api/chats/{bad}")) == (404, "NOT_FOUND")


HOSTILE = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1e400",
    b"NaN",
    b"\xff\xfe",
    b'{"content": "\\u0000"}',
    b'{"content": "\\ud800"}',
    b'{"title": "\\udfff"}',
    b'{"metadata": {"a": 1e999}}',
    b"[" * 5000 + b"]" * 5000,
    b'{"metadata": ' + b'{"a":' * 100 + b"1" + b"}" * 100 + b"}",
    *(
        json.dumps({field: value}).encode()
        for field in ("content", "title", "agent_id", "metadata", "is_archived")
        for value in (1, 1.5, [], [1], {"a": []}, None, True, "x" * 201 if field != "content" else " \n\t ", "\x00")
        if not (field == "metadata" and isinstance(value, dict)) and not (field == "is_archived" and value is True)
        if value is not None or field in {"content", "agent_id"}
    ),
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: body[:40].decode("latin-1"))
def test_hostile_bodies_are_refused_with_a_sentence(owner, chat, body):
    for method, path in (("POST", "/api/chats"), ("POST", f"/api/chats/{chat.id}/messages")):
        assert refused(send(owner, method, path, body))[0] == 400
    changed = send(owner, "PATCH", f"/api/chats/{chat.id}", body)
    if b'"content"' not in body and b'"agent_id"' not in body and body:
        assert refused(changed)[0] == 400
    with tenant_scope(chat.team_id):
        assert Message.objects.filter(chat=chat).count() == 1


@pytest.mark.parametrize("size", [70_000, 10 * 2**20])
def test_what_is_too_large_is_413(owner, chat, settings, size):
    body = json.dumps({"content": "x" * size}).encode()
    assert refused(send(owner, "POST", f"/api/chats/{chat.id}/messages", body))[0] == 413


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
def test_another_media_type_is_415(owner, chat, content_type):
    response = owner.generic("POST", f"/api/chats/{chat.id}/messages", b'{"content": "Hi"}', content_type=content_type)
    assert refused(response) in {(415, "UNSUPPORTED_MEDIA_TYPE"), (400, "VALIDATION_ERROR")}


def test_a_wrong_method_says_which_are_right(owner, chat):
    response = owner.delete(f"/api/chats/{chat.id}/messages")
    assert refused(response) == (405, "METHOD_NOT_ALLOWED")
    assert response["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("key", ["k" * 256, "line\u2028break"])
def test_a_senseless_idempotency_key_is_refused(owner, chat, key):
    response = send(owner, "POST", f"/api/chats/{chat.id}/messages", {"content": "Hi"}, idempotency_key=key)
    assert refused(response) == (400, "VALIDATION_ERROR")


def test_a_chat_deleted_while_it_is_changed_is_none(owner, chat, monkeypatch):
    def change(*, chat, **changes):
        actions.delete_chat(chat=chat)
        return chat

    monkeypatch.setattr("chats.api.views.actions.update_chat", change)
    assert owner.patch(f"/api/chats/{chat.id}", {"title": "x"}, content_type="application/json").status_code == 404
