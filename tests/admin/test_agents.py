"""An agent is written by the rules of the API; its secret goes in and never comes out."""

import json
from typing import Any

import pytest

from accounts.models import AuditEntry
from agents.models import Agent, AgentMember, AgentVersion, Run
from tenants.scope import tenant_scope
from tests.admin.conftest import SignIn
from tests.admin.forms import agent, the
from tests.admin.test_every_page import url
from tests.conftest import Cast
from tests.isolation.conftest import World


def test_the_webhook_token_goes_in_and_never_comes_out(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    assert client.post(url(Agent, "add"), agent(new_webhook_token="secret-token-4711")).status_code == 302
    made = the(Agent, name="new")
    assert (made.webhook_token, made.team_id, made.created_by_id) == ("secret-token-4711", cast.team.id, cast.admin.id)
    change = url(Agent, "change", made.pk)
    page = client.get(change).content.decode()
    assert "secret-token-4711" not in page
    assert made.sealed_webhook_token not in page
    assert client.post(change, agent()).status_code == 302
    assert the(Agent, name="new").webhook_token == "secret-token-4711"
    refused = client.post(change, agent(name="", new_webhook_token="other-secret-0815"))
    assert b"other-secret-0815" not in refused.content
    assert client.post(change, agent(clear_webhook_token="on")).status_code == 302
    assert the(Agent, name="new").webhook_token == ""
    assert "secret-token-4711" not in client.get(url(Agent, "history", made.pk)).content.decode()


def test_an_operator_seals_a_token_for_the_team_of_the_agent(world: World, cast: Cast, sits: SignIn) -> None:
    fields = agent(new_webhook_token="secret-token-4711", in_team=str(cast.other_team.id))
    assert sits(cast.operator).post(url(Agent, "add"), fields).status_code == 302
    made = the(Agent, name="new")
    with tenant_scope(cast.other_team.id):
        assert (made.webhook_token, made.created_by) == ("secret-token-4711", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_url": ""},
        {"webhook_url": "ftp://x"},
        {"config": "[]"},
        {"config": '{"a": "\\u0000"}'},
        {"config": "[" * 5000},
        {"config": '{"a": NaN}'},
        {"limits": '{"total": -1}'},
        {"kind": "openai"},
        {"new_webhook_token": "ümlaut"},
        {"name": "x\x00y"},
    ],
)
def test_an_agent_is_held_to_the_rules_of_the_api(world: World, cast: Cast, sits: SignIn, wrong: Any) -> None:
    for client, more in ((sits(cast.admin), {}), (sits(cast.operator), {"in_team": str(cast.team.id)})):
        response = client.post(url(Agent, "add"), {**agent(**wrong), **more})
        assert response.status_code == 200
        assert b"errornote" in response.content


def test_json_is_read_back_as_it_was_typed(world: World, cast: Cast, sits: SignIn) -> None:
    typed = {"model": "m", "ä": [1, {"b": None}]}
    fields = agent(kind="openai", config=json.dumps(typed, ensure_ascii=False))
    assert sits(cast.admin).post(url(Agent, "add"), fields).status_code == 302
    assert the(Agent, name="new").config == typed


def test_a_change_is_one_version_and_one_entry_of_the_log(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    assert client.post(url(Agent, "add"), agent(system_prompt="Be brief.")).status_code == 302
    made = the(Agent, name="new")
    change = url(Agent, "change", made.pk)
    fields = agent(system_prompt="Be kind.", max_concurrent="3", auth_kind="header", auth_name="X-Key")
    assert client.post(change, fields).status_code == 302
    with tenant_scope(cast.team.id):
        versions = list(AgentVersion.objects.filter(agent=made).order_by("number"))
        entries = list(AuditEntry.objects.filter(object_id=str(made.pk)).order_by("at"))
    assert [version.settings["system_prompt"] for version in versions] == ["Be brief.", "Be kind."]
    assert [version.created_by_id for version in versions] == [cast.admin.pk] * 2
    assert the(Agent, name="new").version_id == versions[-1].pk
    assert [entry.action for entry in entries] == ["agent.created", "agent.changed"]
    assert entries[-1].details["fields"] == ["auth_kind", "auth_name", "max_concurrent", "system_prompt"]
    page = client.get(change).content.decode()
    assert "Version 2" in page


def test_only_what_was_typed_is_written(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    client.post(url(Agent, "add"), agent())
    made = the(Agent, name="new")
    with tenant_scope(cast.team.id):
        Agent.objects.filter(pk=made.pk).update(failures=4)
    assert client.post(url(Agent, "change", made.pk), agent(name="renamed")).status_code == 302
    assert (the(Agent, pk=made.pk).name, the(Agent, pk=made.pk).failures) == ("renamed", 4)


def test_people_of_an_agent_are_looked_at_and_chosen_elsewhere(world: World, cast: Cast, sits: SignIn) -> None:
    change = url(Agent, "change", world.ours.agent.pk)
    assert str(world.ours.user) in sits(cast.admin).get(change).content.decode()
    sent = {"members-TOTAL_FORMS": "1", "members-0-user": str(cast.teammate.pk)}
    sits(cast.admin).post(change, agent(**sent))
    with tenant_scope(cast.team.id):
        assert [member.user_id for member in AgentMember.objects.all()] == [world.ours.user.pk]


def test_the_page_of_a_run_says_which_version_it_used(world: World, cast: Cast, sits: SignIn) -> None:
    run = world.ours.rows[Run]
    with tenant_scope(cast.team.id):
        Run.objects.filter(pk=run.pk).update(version=world.ours.rows[AgentVersion])
    page = sits(cast.admin).get(url(Run, "change", run.pk)).content.decode()
    assert url(AgentVersion, "change", world.ours.rows[AgentVersion].pk) in page
