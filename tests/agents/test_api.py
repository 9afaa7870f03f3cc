"""The agents of a team over HTTP: each call, each refusal, and who sees what."""

import json
import logging
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from agents.versions import keep_version
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory, RunFactory

FIELDS = {
    *("id", "team_id", "created_by", "name", "slug", "description", "kind", "webhook_url", "webhook_token"),
    *("auth_kind", "auth_name", "user_agent", "max_concurrent", "audience", "version"),
    *("system_prompt", "avatar", "config", "limits", "is_active", "created_at", "updated_at"),
}
WEBHOOK = {"name": "Helper", "webhook_url": "https://n8n.example.org/webhook/1"}
TOKEN = "a-secret-token-98-wxyz"
MASK = "••••••••wxyz"


@pytest.fixture
def agent(cast):
    agent = AgentFactory(
        team=cast.team,
        name="Helper",
        kind="webhook",
        webhook_url="https://n8n.example.org/webhook/1",
        webhook_token=TOKEN,
        system_prompt="Be brief.",
    )
    with tenant_scope(cast.team.id):
        keep_version(agent, by=None)
    return agent


def url(agent):
    return f"/api/agents/{agent.id}"


def send(client, method, path, body):
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def stored(agent):
    with tenant_scope(agent.team_id):
        return Agent.objects.get(pk=agent.pk)


def is_error(response, status, code=None):
    body = response.json()
    assert response.status_code == status, body
    assert set(body) <= {"detail", "error_code", "errors"}
    assert isinstance(body["detail"], str)
    assert body["error_code"] == (code or body["error_code"])
    return True


# Reading


def test_a_member_sees_the_active_agents_of_the_team_as_a_plain_list(cast, member, agent):
    AgentFactory(team=cast.team, name="Away", is_active=False)
    AgentFactory(team=cast.other_team)
    answer = member.get("/api/agents")
    assert answer.status_code == 200
    assert [row["name"] for row in answer.json()] == ["Helper"]
    assert set(answer.json()[0]) == FIELDS


@pytest.mark.parametrize(("value", "names"), [("true", ["Away", "Helper"]), ("false", ["Helper"])])
def test_inactive_agents_are_listed_when_asked_for(cast, member, agent, value, names):
    AgentFactory(team=cast.team, name="Away", is_active=False)
    assert [row["name"] for row in member.get("/api/agents", {"include_inactive": value}).json()] == names


@pytest.mark.parametrize("value", ["", "maybe", "2", "\x00", "null", "true,false"])
def test_a_senseless_query_is_refused(member, value):
    answer = member.get("/api/agents", {"include_inactive": value})
    assert is_error(answer, 400, "VALIDATION_ERROR")
    assert list(answer.json()["errors"]) == ["include_inactive"]


def test_one_agent(cast, admin, agent):
    shown = admin.get(url(agent)).json()
    assert set(shown) == FIELDS
    assert shown["id"] == str(agent.id)
    assert shown["team_id"] == str(cast.team.id)
    assert shown["created_by"] is None
    assert shown["kind"] == "webhook"
    assert shown["webhook_token"] == MASK
    assert shown["created_at"].endswith("Z")
    assert shown["updated_at"].endswith("Z")


def test_address_and_prompt_are_for_admins_only(admin, member, agent):
    for shown in (member.get(url(agent)).json(), member.get("/api/agents").json()[0]):
        assert shown["webhook_url"] is None
        assert shown["system_prompt"] is None
    for shown in (admin.get(url(agent)).json(), admin.get("/api/agents").json()[0]):
        assert shown["webhook_url"] == "https://n8n.example.org/webhook/1"
        assert shown["system_prompt"] == "Be brief."


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_the_list_takes_two_queries_however_long_it_is(cast, client_of, role):
    client = client_of(getattr(cast, role))
    AgentFactory(team=cast.team, created_by=cast.admin, webhook_token=TOKEN)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/api/agents").status_code == 200
        counts.append(len(queries))
        AgentFactory.create_batch(2, team=cast.team, created_by=cast.admin, webhook_token=TOKEN)
    assert counts == [2, 2]


# Writing


def test_an_admin_adds_an_agent(cast, admin):
    answer = send(admin, "POST", "/api/agents", {**WEBHOOK, "webhook_token": TOKEN, "unknown": 1})
    assert answer.status_code == 201
    shown = answer.json()
    assert set(shown) == FIELDS
    assert shown["created_by"] == str(cast.admin.id)
    assert shown["kind"] == "webhook"
    assert (shown["description"], shown["system_prompt"]) == ("", "")
    assert (shown["config"], shown["limits"], shown["avatar"]) == ({}, {}, None)
    assert shown["is_active"] is True
    assert admin.get(f"/api/agents/{shown['id']}").json() == shown


def test_an_openai_agent_names_its_model(admin):
    body = {**WEBHOOK, "kind": "openai", "config": {"model": "gpt-5", "temperature": 0.2}, "limits": {"total": 60}}
    shown = send(admin, "POST", "/api/agents", body).json()
    assert (shown["kind"], shown["config"], shown["limits"]) == ("openai", body["config"], {"total": 60})


def test_a_demo_agent_needs_no_address(admin):
    shown = send(admin, "POST", "/api/agents", {"name": "Demo", "kind": "demo"}).json()
    assert (shown["kind"], shown["webhook_url"]) == ("demo", "")


OPTIONALS = ("description", "system_prompt", "kind", "webhook_url", "config", "limits", "is_active")


def test_null_is_not_given(admin):
    begun = {**WEBHOOK, "description": "d", "system_prompt": "s", "config": {"a": 1}, "limits": {"total": 60}}
    shown = send(admin, "POST", "/api/agents", {**dict.fromkeys(OPTIONALS), **begun, "kind": None, "is_active": None})
    assert shown.status_code == 201
    before = shown.json()
    assert (before["kind"], before["is_active"]) == ("webhook", True)
    after = send(admin, "PUT", f"/api/agents/{before['id']}", dict.fromkeys(OPTIONALS)).json()
    assert {name: after[name] for name in OPTIONALS} == {name: before[name] for name in OPTIONALS}
    answer = send(admin, "POST", "/api/agents", {**WEBHOOK, "webhook_url": None})
    assert is_error(answer, 400, "VALIDATION_ERROR")


def test_an_empty_text_empties(admin, agent):
    shown = send(admin, "PUT", url(agent), {"description": "", "system_prompt": ""}).json()
    assert (shown["description"], shown["system_prompt"]) == ("", "")


def test_the_address_is_stored_in_one_spelling(admin):
    body = {**WEBHOOK, "webhook_url": "HTTPS://N8N.Example.ORG:443/webhook/1"}
    assert send(admin, "POST", "/api/agents", body).json()["webhook_url"] == WEBHOOK["webhook_url"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_only_the_given_fields_change(admin, agent, method):
    before = admin.get(url(agent)).json()
    answer = send(admin, method, url(agent), {"name": "Renamed", "is_active": False, "id": str(uuid4())})
    assert answer.status_code == 200
    after = answer.json()
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == {**before, "name": "Renamed", "is_active": False, "version": 2}
    assert stored(agent).webhook_token == TOKEN


def test_a_whole_agent_can_be_sent_back(admin, agent):
    before = admin.get(url(agent)).json()
    after = send(admin, "PUT", url(agent), before).json()
    assert after.pop("updated_at") == before.pop("updated_at")
    assert after == before
    assert stored(agent).webhook_token == TOKEN


def test_a_rule_that_came_later_does_not_keep_an_agent_from_being_switched_off(admin, agent, settings):
    send(admin, "PUT", url(agent), {"webhook_url": "http://n8n.example.org/"})
    settings.AGENT_REQUIRE_HTTPS = True
    assert send(admin, "PATCH", url(agent), {"is_active": False}).status_code == 200
    assert is_error(send(admin, "PATCH", url(agent), {"webhook_url": "http://n8n.example.org/"}), 400)


def test_a_change_of_kind_is_held_to_the_rules_of_the_new_kind(cast, admin):
    demo = AgentFactory(team=cast.team)
    answer = send(admin, "PATCH", url(demo), {"kind": "openai"})
    assert is_error(answer, 400, "VALIDATION_ERROR")
    assert set(answer.json()["errors"]) == {"webhook_url", "config"}
    assert stored(demo).kind == "demo"


def test_a_deleted_agent_leaves_its_chats_and_its_ledger(cast, admin, agent):
    chat = ChatFactory(user=cast.owner, agent=agent)
    message = MessageFactory(chat=chat)
    run = RunFactory(user=cast.owner, agent=agent, owner="x", lease_until=agent.created_at)
    answer = admin.delete(url(agent))
    assert (answer.status_code, answer.content) == (204, b"")
    assert is_error(admin.get(url(agent)), 404, "NOT_FOUND")
    with tenant_scope(cast.team.id):
        for row in (chat, message, run):
            row.refresh_from_db()
    assert (chat.agent, run.agent, run.agent_name) == (None, None, "Helper")


# Refusals


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("name", bad) for bad in ("", "  ", None, 5, True, ["a"], {"a": 1}, "x" * 201)],
        *[("description", bad) for bad in (5, ["a"], "x" * 2001)],
        *[("kind", bad) for bad in ("", "smtp", 1, [], {}, "WEBHOOK")],
        *[("webhook_url", bad) for bad in ("", 5, [], "n8n", "ftp://a.org", "https://", "https://" + "x" * 2000)],
        *[("webhook_url", bad) for bad in ("https://u:p@a.org/", "https://a.org/#x", "https://a b.org/", "http://[::")],
        *[
            ("webhook_url", bad)
            for bad in ("https://a.org:99999/", "https://\ud7ff.org/", "https://xn--.org", "//a.org")
        ],
        *[("webhook_token", bad) for bad in (5, ["a"], "tökën", "a\nb", MASK, "x" * 2001)],
        *[("system_prompt", bad) for bad in (5, {}, "x" * 100_001)],
        *[("avatar", bad) for bad in (5, "cat.png", "https://a.org/cat.png", "data:image/png;base64,@@", "data:,x")],
        *[("config", bad) for bad in (5, "{}", [], [1], True, {"long": "x" * 100_000})],
        *[("limits", bad) for bad in (5, [], {"total": 0}, {"total": "60"}, {"total": True}, {"unknown": 1})],
        *[("is_active", bad) for bad in ("true", 1, 0, "", [])],
    ],
)
def test_a_wrong_value_is_refused_by_name(admin, field, value):
    answer = send(admin, "POST", "/api/agents", {**WEBHOOK, field: value})
    assert is_error(answer, 400, "VALIDATION_ERROR")
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize("config", [{}, {"model": ""}, {"model": " "}, {"model": 5}, {"model": None}])
def test_an_openai_agent_without_a_model_is_refused(admin, config):
    answer = send(admin, "POST", "/api/agents", {**WEBHOOK, "kind": "openai", "config": config})
    assert is_error(answer, 400)
    assert list(answer.json()["errors"]) == ["config"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b'{"name": "\xed\xa0\x80"}', 400),
        (b'{"name": "a\\u0000b"}', 400),
        (b'{"name": "a\\ud800b"}', 400),
        (b'{"\\udfff": 1}', 400),
        (b'{"name": NaN}', 400),
        (b'{"name": 1e999}', 400),
        (b'{"config": {"n": %s}}' % (b"9" * 5000), 400),
        (b'{"config": %s}' % (b'{"a":' * 100 + b"1" + b"}" * 100), 400),
        (b"[" * 100_000, 400),
        (b'{"name": "%s"}' % (b"x" * 10 * 2**20), 413),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else None,
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_bad_body_is_refused_in_the_common_form(admin, agent, method, body, status):
    path = "/api/agents" if method == "POST" else url(agent)
    if not body and method != "POST":
        assert admin.generic(method, path, body, content_type="application/json").status_code == 200
    else:
        assert is_error(admin.generic(method, path, body, content_type="application/json"), status)
    assert stored(agent).name == "Helper"


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "x"])
def test_another_media_type_is_refused(admin, media_type):
    assert is_error(admin.generic("POST", "/api/agents", b"name=x", content_type=media_type), 415)


WRITES = [("POST", ""), ("PUT", "/{id}"), ("PATCH", "/{id}"), ("DELETE", "/{id}"), ("POST", "/{id}/avatar")]


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_member_may_not_write(member, agent, method, path):
    answer = send(member, method, "/api/agents" + path.format(id=agent.id), WEBHOOK)
    assert is_error(answer, 403, "PERMISSION_DENIED")
    assert stored(agent).name == "Helper"


@pytest.mark.parametrize(("method", "path"), [*WRITES, ("GET", ""), ("GET", "/{id}")])
def test_nobody_gets_in_unknown(client, agent, method, path):
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = client.generic(method, "/api/agents" + path.format(id=agent.id), headers=headers)
        assert is_error(answer, 401)
        assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), [row for row in [*WRITES, ("GET", "/{id}")] if "{id}" in row[1]])
def test_an_agent_of_another_team_is_an_absent_one(cast, client_of, agent, method, path):
    stranger = client_of(cast.other_admin)
    foreign, absent = (
        send(stranger, method, "/api/agents" + path.format(id=which), WEBHOOK) for which in (agent.id, uuid4())
    )
    if "avatar" in path:
        foreign, absent = (
            stranger.post("/api/agents" + path.format(id=which), {"file": "x"}) for which in (agent.id, uuid4())
        )
    assert is_error(foreign, 404, "NOT_FOUND")
    assert (foreign.content, foreign.headers) == (absent.content, absent.headers)
    assert stored(agent).name == "Helper"


@pytest.mark.parametrize("malformed", ["x", "1", "00000000-0000-0000-0000-00000000000G", "%00", "a" * 5000])
def test_a_malformed_id_is_an_absent_one(admin, malformed):
    assert is_error(admin.get(f"/api/agents/{malformed}"), 404, "NOT_FOUND")


def test_a_wrong_method_names_the_right_ones(admin, agent):
    answer = admin.delete("/api/agents")
    assert is_error(answer, 405)
    assert {"GET", "POST"} <= {method.strip() for method in answer["Allow"].split(",")}
    assert is_error(admin.get(f"{url(agent)}/avatar"), 405)
    assert is_error(admin.post(f"{url(agent)}/"), 404)


# The secret


def test_the_token_only_goes_in(admin, agent, caplog):
    caplog.set_level(logging.DEBUG)
    answers = [
        send(admin, "POST", "/api/agents", {**WEBHOOK, "webhook_token": TOKEN}),
        send(admin, "PUT", url(agent), {"webhook_token": TOKEN}),
        send(admin, "PUT", url(agent), {"webhook_token": TOKEN, "limits": {"x": 1}}),
        admin.get(url(agent)),
        admin.get("/api/agents"),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 400, 200, 200]
    assert not any(TOKEN in answer.content.decode() for answer in answers)
    assert TOKEN not in caplog.text
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {Agent._meta.db_table}")
        assert TOKEN not in repr(cursor.fetchall())
    assert stored(agent).webhook_token == TOKEN


@pytest.mark.parametrize(
    ("change", "mask", "token"),
    [
        ({}, MASK, TOKEN),
        ({"webhook_token": MASK}, MASK, TOKEN),
        ({"webhook_token": "••••••••gone"}, MASK, TOKEN),
        ({"webhook_token": ""}, None, ""),
        ({"webhook_token": None}, None, ""),
        ({"webhook_token": "short"}, "••••••••", "short"),
        ({"webhook_token": " another-token-1234 "}, "••••••••1234", "another-token-1234"),
    ],
)
def test_a_token_is_kept_cleared_or_replaced(admin, agent, change, mask, token):
    assert send(admin, "PUT", url(agent), change).json()["webhook_token"] == mask
    assert stored(agent).webhook_token == token


def test_a_token_whose_key_is_lost_hides_no_agent_and_can_be_replaced(admin, agent, settings):
    settings.FIELD_KEYS = ["another key"]
    assert admin.get("/api/agents").json()[0]["webhook_token"] == "••••••••"
    assert send(admin, "PATCH", url(agent), {"webhook_token": TOKEN}).json()["webhook_token"] == MASK
