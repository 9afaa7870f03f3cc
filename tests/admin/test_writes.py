"""What an operator and a team's admin can set, and what they cannot, whatever they send."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import RefreshSession, User
from agents.models import Agent
from chats.models import Chat, Message
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.admin.conftest import SignIn
from tests.admin.test_every_page import url
from tests.conftest import Cast
from tests.factories import ChatFactory, UserFactory
from tests.isolation.conftest import World
from tests.isolation.world import furnish

GOOD = "a long new password"


def person(**changes: Any) -> dict[str, Any]:
    return {"email": "new@ours.org", "full_name": "New", "role": "user", "is_active": "on", **changes}


def agent(**changes: Any) -> dict[str, Any]:
    fields = {"name": "new", "kind": "webhook", "webhook_url": "https://n8n.example/webhook/1", "is_active": "on"}
    return {**fields, "config": "{}", "limits": "{}", **changes}


def the(model: Any, **condition: Any) -> Any:
    with unsafe_all_tenants(reason="look"):
        return model.objects.get(**condition)


# People


def test_a_team_admin_adds_a_person_to_the_own_team(world: World, cast: Cast, sits: SignIn) -> None:
    fields = person(email="New@Ours.org ", new_password=GOOD, is_superuser="on", in_team=str(cast.other_team.id))
    response = sits(cast.admin).post(url(User, "add"), {**fields, "team": str(cast.other_team.id)})
    assert response.status_code == 302
    user = the(User, email="new@ours.org")
    assert (user.team_id, user.is_superuser, user.check_password(GOOD)) == (cast.team.id, False, True)


def test_an_operator_says_which_team_a_person_is_for(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.operator)
    assert client.post(url(User, "add"), person(new_password=GOOD)).status_code == 200
    fields = person(new_password=GOOD, in_team=str(cast.other_team.id))
    assert client.post(url(User, "add"), fields).status_code == 302
    assert the(User, email="new@ours.org").team_id == cast.other_team.id


@pytest.mark.parametrize(
    "wrong", [{"new_password": ""}, {"new_password": "short"}, {"email": "Owner@ours.org"}, {"role": "king"}]
)
def test_a_person_who_cannot_be_is_refused_with_a_form(
    world: World, cast: Cast, sits: SignIn, wrong: dict[str, str]
) -> None:
    response = sits(cast.admin).post(url(User, "add"), person(**{"new_password": GOOD, **wrong}))
    assert response.status_code == 200
    assert b"errornote" in response.content
    with tenant_scope(cast.team.id):
        assert User.objects.count() == 3


def test_an_e_mail_of_another_team_is_free(world: World, cast: Cast, sits: SignIn) -> None:
    fields = person(email="outsider@theirs.org", new_password=GOOD)
    assert sits(cast.admin).post(url(User, "add"), fields).status_code == 302


def test_a_full_team_takes_nobody_more(world: World, cast: Cast, sits: SignIn) -> None:
    cast.team.settings = {"max_users": 3}
    cast.team.save()
    client = sits(cast.admin)
    response = client.post(url(User, "add"), person(new_password=GOOD))
    assert b"as many people as it may have" in response.content
    idle = UserFactory(team=cast.team, email="idle@ours.org", is_active=False)
    assert client.post(url(User, "change", idle.pk), person(email="idle@ours.org")).status_code == 200
    assert not the(User, pk=idle.pk).is_active


def test_a_new_password_ends_the_persons_sessions_and_an_empty_one_keeps_them(
    world: World, cast: Cast, sits: SignIn
) -> None:
    client, session = sits(cast.admin), world.ours.rows[RefreshSession]
    before = the(User, pk=cast.owner.pk).password
    fields = person(email="owner@ours.org")
    assert client.post(url(User, "change", cast.owner.pk), fields).status_code == 302
    assert the(User, pk=cast.owner.pk).password == before
    assert the(RefreshSession, pk=session.pk).revoked_at is None
    assert client.post(url(User, "change", cast.owner.pk), {**fields, "new_password": GOOD}).status_code == 302
    assert the(User, pk=cast.owner.pk).check_password(GOOD)
    assert the(RefreshSession, pk=session.pk).revoked_at is not None


def test_nobody_locks_themselves_out(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    assert (
        client.post(url(User, "change", cast.admin.pk), {"email": "admin@ours.org", "role": "user"}).status_code == 302
    )
    user = the(User, pk=cast.admin.pk)
    assert (user.is_active, user.role) == (True, "admin")
    assert client.post(url(User, "delete", cast.admin.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(cast.admin.pk)], "post": "yes"}
    client.post(url(User, "changelist"), chosen)
    assert the(User, pk=cast.admin.pk).is_active


def test_an_operator_account_does_not_exist_for_a_team_admin(world: World, cast: Cast, sits: SignIn) -> None:
    boss = UserFactory(team=cast.team, email="boss@ours.org", is_superuser=True, role="admin")
    before, client = boss.password, sits(cast.admin)
    assert "boss@ours.org" not in client.get(url(User, "changelist")).content.decode()
    assert client.get(url(User, "change", boss.pk)).status_code == 302
    fields = person(email="boss@ours.org", new_password=GOOD)
    assert client.post(url(User, "change", boss.pk), fields).status_code == 302
    assert client.post(url(User, "delete", boss.pk), {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [str(boss.pk)], "post": "yes"}
    client.post(url(User, "changelist"), chosen)
    assert the(User, pk=boss.pk).password == before
    found = client.get(reverse("admin:autocomplete"), {**SOURCE, "field_name": "user", "term": "boss"})
    assert found.json()["results"] == []


def test_a_person_goes_with_what_hangs_on_them(world: World, cast: Cast, sits: SignIn) -> None:
    """The keys and sessions have pages to look at only; they must not hold their person back."""
    page = sits(cast.admin).get(url(User, "delete", cast.owner.pk))
    assert b"requires deleting" not in page.content
    assert sits(cast.admin).post(url(User, "delete", cast.owner.pk), {"post": "yes"}).status_code == 302
    with tenant_scope(cast.team.id):
        assert not User.objects.filter(pk=cast.owner.pk).exists()
        assert not RefreshSession.objects.exists()


# Agents and their secret


def test_the_webhook_token_goes_in_and_never_comes_out(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    assert client.post(url(Agent, "add"), agent(new_webhook_token="secret-token-4711")).status_code == 302
    made = the(Agent, name="new")
    assert (made.webhook_token, made.team_id, made.created_by_id) == ("secret-token-4711", cast.team.id, cast.admin.id)
    change = url(Agent, "change", made.pk)
    page = client.get(change).content.decode()
    assert "4711" not in page
    assert made.sealed_webhook_token not in page
    assert client.post(change, agent()).status_code == 302
    assert the(Agent, name="new").webhook_token == "secret-token-4711"
    refused = client.post(change, agent(name="", new_webhook_token="other-secret-0815"))
    assert b"0815" not in refused.content
    assert client.post(change, agent(clear_webhook_token="on")).status_code == 302
    assert the(Agent, name="new").webhook_token == ""
    assert "4711" not in client.get(url(Agent, "history", made.pk)).content.decode()


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


# References to other rows

SOURCE = {"app_label": "chats", "model_name": "chat", "field_name": "agent"}


def chat(world: World, **changes: Any) -> dict[str, Any]:
    own = {"title": "x", "user": str(world.ours.user.pk), "agent": str(world.ours.agent.pk), "metadata": "{}"}
    return {**own, **changes}


@pytest.mark.parametrize("who", ["admin", "operator"])
@pytest.mark.parametrize("field", ["user", "agent"])
def test_a_chat_cannot_be_given_to_another_team(world: World, cast: Cast, sits: SignIn, who: str, field: str) -> None:
    foreign = {"user": world.theirs.user, "agent": world.theirs.agent}[field]
    client = sits(getattr(cast, who))
    change = url(Chat, "change", world.ours.chat.pk)
    response = client.post(change, chat(world, **{field: str(foreign.pk)}))
    assert response.status_code == 200
    assert b"errornote" in response.content
    assert str(foreign.pk) not in response.content.decode() or who == "operator"
    assert client.post(change, chat(world, agent=str(world.ours.agents[1].pk))).status_code == 302
    assert the(Chat, pk=world.ours.chat.pk).agent_id == world.ours.agents[1].pk


def test_autocomplete_offers_own_rows_and_tells_operators_whose(world: World, cast: Cast, sits: SignIn) -> None:
    ask = reverse("admin:autocomplete")
    ours = [row["text"] for row in sits(cast.admin).get(ask, SOURCE).json()["results"]]
    assert ours == ["o1", "o2"]
    assert sits(cast.admin).get(ask, {**SOURCE, "term": "t1"}).json()["results"] == []
    everybodys = [row["text"] for row in sits(cast.operator).get(ask, SOURCE).json()["results"]]
    assert everybodys == [f"{a.name} – {a.team}" for a in (*world.ours.agents, *world.theirs.agents)]
    assert sits(cast.owner).get(ask, SOURCE).status_code == 403


def test_the_options_of_a_filter_are_own_rows(world: World, cast: Cast, sits: SignIn) -> None:
    page = sits(cast.admin).get(url(Chat, "changelist")).content.decode()
    assert str(world.ours.agent.pk) in page
    assert str(world.theirs.agent.pk) not in page
    assert "agent__id__exact" not in sits(cast.operator).get(url(Chat, "changelist")).content.decode()
    foreign = sits(cast.admin).get(url(Chat, "changelist"), {"agent__id__exact": str(world.theirs.agent.pk)})
    assert "chat of" not in foreign.content.decode()


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (User, {"password__startswith": "md5"}),
        (Agent, {"sealed_webhook_token__startswith": "v1"}),
        (RefreshSession, {"token_hash__startswith": "o"}),
        (RefreshSession, {"user__password__startswith": "md5"}),
        (Chat, {"user__password__startswith": "md5"}),
        (Chat, {"agent__sealed_webhook_token__startswith": "v1"}),
        (Message, {"chat__user__email__startswith": "o"}),
        (Chat, {"team__slug": "ours"}),
        (User, {"_to_field": "password"}),
    ],
)
@pytest.mark.parametrize("who", ["admin", "operator"])
def test_nothing_secret_and_nothing_far_can_be_asked_about(
    world: World, cast: Cast, sits: SignIn, model: Any, lookup: dict[str, str], who: str
) -> None:
    assert sits(getattr(cast, who)).get(url(model, "changelist"), lookup).status_code == 400


# Actions and deletions


def test_an_action_touches_own_rows_only(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    for model, action in ((Chat, "delete_selected"), (RefreshSession, "revoke")):
        both = [str(side.rows[model].pk) for side in (world.ours, world.theirs)]
        client.post(url(model, "changelist"), {"action": action, "_selected_action": both, "post": "yes"})
    with unsafe_all_tenants(reason="look"):
        assert [c.pk for c in Chat.objects.all()] == [world.theirs.chat.pk]
        revoked = {s.pk for s in RefreshSession.objects.exclude(revoked_at=None)}
        assert revoked == {world.ours.rows[RefreshSession].pk}


def test_all_rows_across_pages_are_all_own_rows(world: World, cast: Cast, sits: SignIn) -> None:
    chosen = {"action": "delete_selected", "select_across": "1", "_selected_action": ["x"], "post": "yes"}
    sits(cast.admin).post(url(Chat, "changelist"), {**chosen, "_selected_action": [str(world.ours.chat.pk)]})
    with unsafe_all_tenants(reason="look"):
        assert [c.pk for c in Chat.objects.all()] == [world.theirs.chat.pk]


def test_what_was_said_is_shown_as_text(world: World, cast: Cast, sits: SignIn) -> None:
    message = world.ours.rows[Message]
    with tenant_scope(cast.team.id):
        Message.objects.filter(pk=message.pk).update(content="<script>alert(1)</script>")
    for page in (url(Message, "changelist"), url(Message, "change", message.pk), url(Message, "delete", message.pk)):
        text = sits(cast.admin).get(page).content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_an_operators_name_is_not_told_in_a_teams_history(world: World, cast: Cast, sits: SignIn) -> None:
    change = url(Chat, "change", world.ours.chat.pk)
    assert sits(cast.operator).post(change, chat(world, title="corrected")).status_code == 302
    history = url(Chat, "history", world.ours.chat.pk)
    told = sits(cast.admin).get(history).content.decode()
    assert "operator@parley.test" not in told
    assert "An operator" in told
    assert "operator@parley.test" in sits(cast.operator).get(history).content.decode()


# The number of queries


@pytest.mark.parametrize("who", ["admin", "operator"])
@pytest.mark.parametrize("model", [User, Agent, Chat, Message, RefreshSession], ids=lambda model: model.__name__)
def test_a_list_costs_the_same_for_one_row_and_for_many(
    world: World, cast: Cast, sits: SignIn, model: Any, who: str
) -> None:
    client = sits(getattr(cast, who))
    client.get(url(model, "changelist"))
    with CaptureQueriesContext(connection) as few:
        client.get(url(model, "changelist"))
    grow(world, cast)
    with CaptureQueriesContext(connection) as many:
        client.get(url(model, "changelist"))
    assert len(many) == len(few)


def grow(world: World, cast: Cast) -> None:
    for n in range(2):
        user = UserFactory(team=cast.team, email=f"more{n}@ours.org")
        furnish(user, agents=1)
        ChatFactory(user=user)


def test_json_is_read_back_as_it_was_typed(world: World, cast: Cast, sits: SignIn) -> None:
    typed = {"model": "m", "ä": [1, {"b": None}]}
    fields = agent(kind="openai", config=json.dumps(typed, ensure_ascii=False))
    assert sits(cast.admin).post(url(Agent, "add"), fields).status_code == 302
    assert the(Agent, name="new").config == typed
