"""No form, filter, search, action or history of the administration leads into another team."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import RefreshSession, User
from agents.models import Agent
from chats.models import Attachment, Chat, Message
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.admin.conftest import SignIn
from tests.admin.forms import SOURCE, chat, the
from tests.admin.test_every_page import url
from tests.conftest import Cast
from tests.isolation.conftest import World


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
    assert sits(cast.admin).get(ask, {**SOURCE, "term": "\0"}).status_code == 400


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
        (Chat, {"title__regex": "(a+)+$"}),
        (Chat, {"title__iregex": "(a+)+$"}),
        (Chat, {"title__contains": "a"}),
        (Chat, {"agent__name__regex": "(a+)+$"}),
        (Chat, {"updated_at__year__regex": "2"}),
        (Attachment, {"data__startswith": "o"}),
        (Chat, {"metadata": "{}"}),
        (Chat, {"metadata__a": "1"}),
        (Agent, {"config__x__contains": "1"}),
        (Agent, {"config__x__regex": "(a+)+$"}),
    ],
)
@pytest.mark.parametrize("who", ["admin", "operator"])
def test_nothing_secret_and_nothing_far_can_be_asked_about(
    world: World, cast: Cast, sits: SignIn, model: Any, lookup: dict[str, str], who: str
) -> None:
    assert sits(getattr(cast, who)).get(url(model, "changelist"), lookup).status_code == 400


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


@pytest.mark.parametrize(
    "lookup",
    [
        {"updated_at__year": "2024", "updated_at__month": "1", "updated_at__day": "1"},
        {"updated_at__gte": "2024-01-01 00:00:00+00:00", "updated_at__lt": "2099-01-01 00:00:00+00:00"},
        {"is_archived__exact": "0"},
        {"agent__isnull": "True"},
    ],
)
@pytest.mark.parametrize("who", ["admin", "operator"])
def test_what_the_pages_own_links_ask_is_answered(
    world: World, cast: Cast, sits: SignIn, lookup: dict[str, str], who: str
) -> None:
    assert sits(getattr(cast, who)).get(url(Chat, "changelist"), lookup).status_code == 200
