"""Copies, exports, imports, versions and people of agents, over HTTP."""

import json
from uuid import uuid4

import pytest

from accounts.models import AuditEntry, User
from agents import actions
from agents.events import agent_moved
from agents.models import Agent, AgentMember, AgentVersion
from agents.portable import SETTINGS, SettingsSerializer
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.agents.test_api import is_error, send
from tests.factories import AgentFactory, ChatFactory, UserFactory

CANARY = "canary-secret-4711-wxyz"
HEADER = {
    "name": "Helper",
    "kind": "webhook",
    "webhook_url": "https://n8n.example.org/webhook/1",
    "auth_kind": "header",
    "auth_name": "X-Key",
    "webhook_token": CANARY,
    "user_agent": "Parley tests",
    "system_prompt": "Be brief.\nBe kind.",
    "config": {"a": [1, {"b": None}]},
    "limits": {"total": 60},
    "max_concurrent": 3,
    "audience": "chosen",
}


@pytest.fixture
def agent(cast, admin):
    made = send(admin, "POST", "/api/agents", HEADER).json()
    assert admin.put(f"/api/agents/{made['id']}/members", json.dumps({"members": [str(cast.owner.pk)]}),
                     content_type="application/json").status_code == 200  # fmt: skip
    return made


def entries(cast):
    with tenant_scope(cast.team.id):
        return [(entry.action, entry.object_id) for entry in AuditEntry.objects.order_by("at")]


def test_the_settings_that_are_written_are_those_that_are_kept():
    assert SettingsSerializer().fields.keys() == set(SETTINGS)


def test_new_fields_are_written_shown_and_kept_from_members(cast, admin, member, agent):
    shown = admin.get(f"/api/agents/{agent['id']}").json()
    assert {name: shown[name] for name in HEADER if name != "webhook_token"} == {
        name: value for name, value in HEADER.items() if name != "webhook_token"
    }
    hidden = ("webhook_url", "auth_kind", "auth_name", "user_agent", "system_prompt", "max_concurrent")
    told = member.get(f"/api/agents/{agent['id']}").json()
    assert [told[name] for name in hidden] == [None] * len(hidden)
    assert (told["audience"], told["version"]) == ("chosen", 1)
    lifted = send(admin, "PATCH", f"/api/agents/{agent['id']}", {"max_concurrent": None}).json()
    assert (lifted["max_concurrent"], lifted["version"]) == (None, 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("auth_kind", bad) for bad in ("digest", 1, [], "")],
        *[("auth_name", bad) for bad in (5, "x" * 201)],
        *[("user_agent", bad) for bad in (5, "x" * 301, "tökën")],
        *[("max_concurrent", bad) for bad in (0, -1, 1001, 10**30, "3", True, 1.5)],
        *[("audience", bad) for bad in ("nobody", 1, "")],
    ],
)
def test_a_wrong_value_of_a_new_field_is_refused_by_name(admin, field, value):
    answer = send(admin, "POST", "/api/agents", {"name": "x", "kind": "demo", field: value})
    assert is_error(answer, 400, "VALIDATION_ERROR")
    assert list(answer.json()["errors"]) == [field]


# Copies


def test_a_copy_has_the_settings_and_the_secret_but_no_people_and_is_switched_off(cast, admin, agent):
    answer = admin.post(f"/api/agents/{agent['id']}/duplicate")
    assert answer.status_code == 201
    assert CANARY not in answer.content.decode()
    copy = answer.json()
    own = {"id", "name", "slug", "created_at", "updated_at", "is_active"}
    assert {name: copy[name] for name in copy.keys() - own} == {name: agent[name] for name in agent.keys() - own}
    assert (copy["name"], copy["is_active"], copy["version"]) == ("Helper (copy)", False, 1)
    with tenant_scope(cast.team.id):
        assert Agent.objects.get(pk=copy["id"]).webhook_token == CANARY
        assert not AgentMember.objects.filter(agent_id=copy["id"]).exists()
    assert entries(cast)[-1] == ("agent.created", copy["id"])


def test_a_copy_of_a_long_name_has_one_that_fits(cast, admin):
    long = AgentFactory(team=cast.team, name="x" * 200)
    assert admin.post(f"/api/agents/{long.pk}/duplicate").json()["name"] == f"{'x' * 193} (copy)"


# Exports and imports


def test_an_export_comes_back_as_it_was_without_its_secret(cast, admin, client_of, agent):
    answer = admin.get(f"/api/agents/{agent['id']}/export")
    document = answer.json()
    assert document == {"format": "parley.agent/1", **{name: HEADER.get(name, "") for name in SETTINGS}}
    assert CANARY not in answer.content.decode()
    assert entries(cast)[-1] == ("export.made", agent["id"])
    other = client_of(cast.other_admin)
    answer = send(other, "POST", "/api/agents/import", document)
    assert answer.status_code == 201
    brought = answer.json()
    assert {name: brought[name] for name in SETTINGS} == {name: document[name] for name in SETTINGS}
    assert (brought["webhook_token"], brought["missing"], brought["is_active"]) == (None, ["webhook_token"], False)
    assert (brought["team_id"], brought["audience"]) == (str(cast.other_team.id), "all")
    assert other.get(f"/api/agents/{brought['id']}/export").json() == document


def test_an_agent_that_needs_no_secret_can_be_talked_to_once_imported(admin):
    document = {"format": "parley.agent/1", "name": "Demo", "kind": "demo", "max_concurrent": None}
    brought = send(admin, "POST", "/api/agents/import", document).json()
    assert (brought["missing"], brought["is_active"]) == ([], True)


def test_an_agent_that_is_called_without_a_token_needs_none_elsewhere(admin):
    bare = send(admin, "POST", "/api/agents", {"name": "Bare", "webhook_url": "https://agent.example/"}).json()
    document = admin.get(f"/api/agents/{bare['id']}/export").json()
    assert document["auth_kind"] == "none"
    brought = send(admin, "POST", "/api/agents/import", document).json()
    assert (brought["missing"], brought["is_active"]) == ([], True)
    bearer = send(admin, "POST", "/api/agents/import", document | {"auth_kind": "bearer"}).json()
    assert (bearer["missing"], bearer["is_active"]) == (["webhook_token"], False)


@pytest.mark.parametrize(("kind", "seen"), [("flowise", {}), ("demo", {"overrideConfig": {"openAIApiKey": CANARY}})])
def test_what_a_back_end_is_set_to_is_for_admins(cast, admin, client_of, kind, seen):
    config = {"overrideConfig": {"openAIApiKey": CANARY}}
    agent = AgentFactory(team=cast.team, kind=kind, config=config)
    member = client_of(cast.owner)
    assert member.get(f"/api/agents/{agent.pk}").json()["config"] == seen
    assert member.get("/api/agents").json()[0]["config"] == seen
    assert admin.get(f"/api/agents/{agent.pk}").json()["config"] == config


GOOD = {"format": "parley.agent/1", "name": "x", "kind": "demo"}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "format"),
        ({**GOOD, "format": "parley.agent/2"}, "format"),
        ({**GOOD, "format": None}, "format"),
        ({**GOOD, "format": ["parley.agent/1"]}, "format"),
        ({**GOOD, "kind": "smtp"}, "kind"),
        ({**GOOD, "kind": {"a": 1}}, "kind"),
        ({**GOOD, "name": ["x"]}, "name"),
        ({**GOOD, "name": "x" * 201}, "name"),
        ({**GOOD, "webhook_token": "x"}, "webhook_token"),
        ({**GOOD, "team_id": str(uuid4())}, "team_id"),
        ({**GOOD, "members": []}, "members"),
        ({**GOOD, "is_active": True}, "is_active"),
        ({**GOOD, "config": []}, "config"),
        ({**GOOD, "config": {"long": "x" * 100_001}}, "config"),
        ({**GOOD, "limits": {"total": 10**400}}, "limits"),
        ({**GOOD, "limits": {"unknown": 1}}, "limits"),
        ({**GOOD, "max_concurrent": 10**30}, "max_concurrent"),
        ({**GOOD, "system_prompt": "x" * 100_001}, "system_prompt"),
        ({**GOOD, "kind": "webhook"}, "webhook_url"),
        ({**GOOD, "kind": "webhook", "webhook_url": "ftp://a.org"}, "webhook_url"),
        ({**GOOD, "kind": "openai", "webhook_url": "https://a.org"}, "config"),
    ],
)
def test_what_is_no_export_is_refused_by_name(cast, admin, document, field):
    answer = send(admin, "POST", "/api/agents/import", document)
    assert is_error(answer, 400, "VALIDATION_ERROR")
    assert field in answer.json()["errors"]
    with tenant_scope(cast.team.id):
        assert not Agent.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"x"', b'{"format": "parley.agent/1", "name": "a\\u0000b", "kind": "demo"}',
             b'{"name": "\\ud800"}', b"[" * 100_000, b"\xff"]
)  # fmt: skip
def test_a_body_that_is_no_object_is_refused(admin, body):
    assert is_error(admin.generic("POST", "/api/agents/import", body, content_type="application/json"), 400)


# Versions


def test_versions_tell_what_an_agent_was_but_no_secret(cast, admin, agent):
    url = f"/api/agents/{agent['id']}"
    send(admin, "PUT", url, {"system_prompt": "Be loud.", "webhook_token": f"{CANARY}-2"})
    send(admin, "PUT", url, {"is_active": False})  # is no setting
    answer = admin.get(f"{url}/versions")
    assert [(row["number"], row["created_by"]) for row in answer.json()] == [
        (2, str(cast.admin.pk)),
        (1, str(cast.admin.pk)),
    ]
    first = admin.get(f"{url}/versions/1")
    assert first.json()["settings"] == {name: HEADER.get(name, "") for name in SETTINGS}
    assert admin.get(f"{url}/versions/2").json()["settings"]["system_prompt"] == "Be loud."
    assert CANARY not in answer.content.decode() + first.content.decode()
    for number in ("3", "0", "9" * 30, "9" * 5000):
        assert admin.get(f"{url}/versions/{number}").status_code == 404


def test_a_restored_agent_is_what_it_was_with_its_present_secret(cast, admin, agent):
    url = f"/api/agents/{agent['id']}"
    send(admin, "PUT", url, {"name": "Other", "system_prompt": "Be loud.", "webhook_token": "present-secret-1234"})
    answer = send(admin, "POST", f"{url}/restore", {"version": 1})
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in SETTINGS} == {name: HEADER.get(name, "") for name in SETTINGS}
    assert (answer.json()["version"], answer.json()["webhook_token"]) == (3, "••••••••1234")
    assert entries(cast)[-1] == ("agent.changed", agent["id"])


@pytest.mark.parametrize("version", [9, 0, -1, 10**30, "1", True, None, [], 1.0])
def test_a_version_that_there_is_not_is_refused(admin, agent, version):
    answer = send(admin, "POST", f"/api/agents/{agent['id']}/restore", {"version": version})
    assert is_error(answer, 400)
    assert list(answer.json()["errors"]) == ["version"]


def test_the_version_of_another_agent_is_none(cast, admin, agent):
    other = send(admin, "POST", "/api/agents", {"name": "Other", "kind": "demo"}).json()
    send(admin, "PUT", f"/api/agents/{other['id']}", {"name": "Another"})
    assert admin.get(f"/api/agents/{agent['id']}/versions/2").status_code == 404
    assert is_error(send(admin, "POST", f"/api/agents/{agent['id']}/restore", {"version": 2}), 400)


# People


def members(client, agent):
    return client.get(f"/api/agents/{agent['id']}/members").json()["members"]


def give(client, agent, *ids):
    return send(client, "PUT", f"/api/agents/{agent['id']}/members", {"members": [str(one) for one in ids]})


def test_an_agent_is_given_to_people_of_the_team(cast, admin, agent):
    assert members(admin, agent) == [str(cast.owner.pk)]
    answer = give(admin, agent, cast.teammate.pk, cast.admin.pk, cast.teammate.pk)
    assert answer.status_code == 200
    assert set(answer.json()["members"]) == {str(cast.teammate.pk), str(cast.admin.pk)}
    with tenant_scope(cast.team.id):
        entry = AuditEntry.objects.filter(action="agent.changed").latest("at")
    assert entry.details["fields"] == ["members"]
    assert entry.details["removed"] == [str(cast.owner.pk)]
    before = len(entries(cast))
    assert give(admin, agent, cast.teammate.pk, cast.admin.pk).status_code == 200
    assert len(entries(cast)) == before  # nothing was changed
    assert give(admin, agent).json()["members"] == []


def test_nobody_else_can_be_given_an_agent(cast, admin, agent):
    gone = UserFactory(team=cast.team, is_active=False)
    for one in (cast.outsider.pk, gone.pk, uuid4()):
        answer = give(admin, agent, cast.teammate.pk, one)
        assert is_error(answer, 400, "VALIDATION_ERROR")
        assert str(one) in str(answer.json()["errors"]["members"])
        assert str(cast.teammate.pk) not in str(answer.json())
    assert members(admin, agent) == [str(cast.owner.pk)]


def test_somebody_who_was_deactivated_has_the_agent_when_they_come_back(cast, admin, agent):
    with tenant_scope(cast.team.id):
        User.objects.filter(pk=cast.owner.pk).update(is_active=False)
    assert members(admin, agent) == []
    assert give(admin, agent, cast.teammate.pk).status_code == 200
    with tenant_scope(cast.team.id):
        User.objects.filter(pk=cast.owner.pk).update(is_active=True)
    assert set(members(admin, agent)) == {str(cast.owner.pk), str(cast.teammate.pk)}


@pytest.mark.parametrize(
    "body", [{}, {"members": None}, {"members": "x"}, {"members": ["x"]}, {"members": [1]}, {"members": [None]},
             {"members": [[]]}, []]
)  # fmt: skip
def test_a_list_that_is_none_is_refused(admin, agent, body):
    answer = send(admin, "PUT", f"/api/agents/{agent['id']}/members", body)
    assert is_error(answer, 400)


def test_an_agent_for_chosen_people_does_not_exist_for_others(cast, client_of, admin, agent):
    chosen, other = client_of(cast.owner), client_of(cast.teammate)
    for client, there in ((chosen, True), (admin, True), (other, False)):
        assert (agent["id"] in client.get("/api/agents?include_inactive=true").content.decode()) is there
        assert client.get(f"/api/agents/{agent['id']}").status_code == (200 if there else 404)
        made = send(client, "POST", "/api/chats", {"agent_id": agent["id"]})
        assert made.status_code == (201 if there else 404)
    absent = send(other, "POST", "/api/chats", {"agent_id": str(uuid4())}).json()
    assert send(other, "POST", "/api/chats", {"agent_id": agent["id"]}).json() == absent


def test_the_next_message_to_an_agent_that_was_taken_away_is_refused(cast, client_of, admin, agent):
    with tenant_scope(cast.team.id):
        row = Agent.objects.get(pk=agent["id"])
    chat = ChatFactory(user=cast.owner, agent=row)
    assert give(admin, agent).status_code == 200
    answer = send(client_of(cast.owner), "POST", f"/api/chats/{chat.pk}/messages", {"content": "Hello"})
    assert answer.status_code == 409
    assert client_of(cast.owner).get(f"/api/chats/{chat.pk}").status_code == 200  # what was said stays readable


# Moves


@pytest.mark.parametrize(
    ("changes", "moves"),
    [
        ({"webhook_url": "https://elsewhere.example.org/"}, True),
        ({"kind": "vercel"}, True),
        ({"webhook_url": HEADER["webhook_url"], "kind": "webhook", "name": "x"}, False),
        ({"webhook_token": "x"}, False),
    ],
)
def test_a_move_is_told_before_it_is_made(cast, admin, agent, changes, moves):
    heard = []

    def hear(event, **kwargs):
        heard.append((event.agent_id, Agent.objects.get(pk=event.agent_id).webhook_url))

    agent_moved.connect(hear)
    try:
        assert send(admin, "PUT", f"/api/agents/{agent['id']}", changes).status_code == 200
    finally:
        agent_moved.disconnect(hear)
    assert [(str(pk), url) for pk, url in heard] == [(agent["id"], HEADER["webhook_url"])] * moves


def test_chats_forget_the_conversation_of_an_agent_that_moved(cast, admin, agent):
    with tenant_scope(cast.team.id):
        row = Agent.objects.get(pk=agent["id"])
    other = AgentFactory(team=cast.team)
    moved, stays = (ChatFactory(user=cast.owner, agent=one, conversation_id="theirs-1") for one in (row, other))
    send(admin, "PUT", f"/api/agents/{agent['id']}", {"name": "Renamed"})
    with tenant_scope(cast.team.id):
        moved.refresh_from_db()
        assert moved.conversation_id == "theirs-1"
        send(admin, "PUT", f"/api/agents/{agent['id']}", {"webhook_url": "https://elsewhere.example.org/"})
        for chat in (moved, stays):
            chat.refresh_from_db()
    assert (moved.conversation_id, stays.conversation_id) == ("", "theirs-1")


def test_nobody_writes_over_a_version_they_did_not_see(cast, admin, agent):
    with tenant_scope(cast.team.id):
        row = Agent.objects.get(pk=agent["id"])
        actions.update_agent(agent=row, changed_by=cast.admin, seen=1, name="First")
        with pytest.raises(actions.ChangedMeanwhile):
            actions.update_agent(agent=row, changed_by=cast.admin, seen=1, name="Second")
        assert Agent.objects.get(pk=row.pk).name == "First"
        assert AgentVersion.objects.filter(agent=row).count() == 2


@pytest.mark.django_db(transaction=True)
def test_agents_of_one_name_added_at_once_have_slugs_of_their_own(cast):
    def add(_):
        with tenant_scope(cast.team.id):
            return actions.create_agent(created_by=cast.admin, name="Twin", kind="demo").slug

    slugs = at_once(6, add)
    assert len(set(slugs)) == 6
    assert "twin" in slugs
