"""Each page of each model, for an operator and for a team's admin, with another team's rows there to leak."""

import re
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, ExternalIdentity, RateWindow, User
from agents.models import Agent, Run
from chats.models import Chat, Message
from tenants.checks import own_models
from tenants.models import Team, TenantModel
from tenants.scope import tenant_scope
from tests.admin.conftest import SignIn
from tests.isolation.conftest import World

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
TENANT_MODELS = [model for model in MODELS if issubclass(model, TenantModel)]
ADDED = {Agent, User}
CHANGED = {Agent, User, Chat, Message}
DELETED = {*CHANGED, ExternalIdentity}
every_model = pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model._meta.label)
SECRETS = ["argon2", "md5$", "v1:", "o" * 64, "t" * 64, "secret-token-4711", "token of o", "token of t", "header-of-"]


def url(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def text_of(response: Any) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


@pytest.fixture
def pages(world: World) -> dict[str, Any]:
    for side in (world.ours, world.theirs):
        with tenant_scope(side.team.id):
            side.agent.webhook_token = "secret-token-4711"
            side.agent.save()
            Run.objects.update(diagnosis=f"diagnosis of {side.team.slug[0]}")
    return {"changelist": (), "add": (), "change": ("pk",), "history": ("pk",), "delete": ("pk",)}


def marks_of_theirs(world: World) -> list[str]:
    side = world.theirs
    marks = ["@theirs.org", "chat of t", "said by t", ">t1<", ">t2<", "diagnosis of t", side.team.name]
    marks += [f"{what} of t<" for what in ("session", "set", "question", "flag", "platform")]
    marks += ["answer of t", "карту t?", "judged by t"]
    return [*marks, *(str(row.pk) for row in side.rows.values())]


def test_every_model_of_ours_has_a_page_and_nobody_elses() -> None:
    assert set(MODELS) == set(own_models())


@every_model
def test_a_team_admin_sees_own_rows_and_nothing_of_others(
    world: World, cast: Any, sits: SignIn, pages: Any, model: Any
) -> None:
    client, row = sits(cast.admin), world.ours.rows[model]
    for page, args in pages.items():
        response = client.get(url(model, page, *(row.pk for _ in args)))
        allowed = {"add": model in ADDED, "delete": model in DELETED}.get(page, True)
        assert (page, response.status_code) == (page, 200 if allowed else 403)
        text = text_of(response)
        assert [mark for mark in marks_of_theirs(world) if mark in text] == []
        assert [secret for secret in SECRETS if secret in text] == []
        if page == "changelist":
            assert str(row.pk) in text


@every_model
def test_an_operator_sees_both_teams(world: World, cast: Any, sits: SignIn, pages: Any, model: Any) -> None:
    client = sits(cast.operator)
    listed = text_of(client.get(url(model, "changelist")))
    assert all(str(side.rows[model].pk) in listed for side in (world.ours, world.theirs))
    assert "column-team" in listed
    only_theirs = text_of(client.get(url(model, "changelist"), {"team__id__exact": str(world.theirs.team.id)}))
    assert str(world.theirs.rows[model].pk) in only_theirs
    assert str(world.ours.rows[model].pk) not in only_theirs
    for page, args in pages.items():
        for side in (world.ours, world.theirs):
            response = client.get(url(model, page, *(side.rows[model].pk for _ in args)))
            allowed = {"add": model in ADDED, "delete": model in DELETED}.get(page, True)
            assert (page, response.status_code) == (page, 200 if allowed else 403)
            assert [secret for secret in SECRETS if secret in text_of(response)] == []


@every_model
@pytest.mark.parametrize("page", ["change", "history", "delete"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_teams_id_is_an_id_that_does_not_exist(
    world: World, cast: Any, sits: SignIn, pages: Any, model: Any, page: str, method: str
) -> None:
    foreign, absent = str(world.theirs.rows[model].pk), str(uuid4())
    answers = []
    for pk in (foreign, absent):
        response = getattr(sits(cast.admin), method)(url(model, page, pk), {"post": "yes"} if method == "post" else {})
        told = [str(message).replace(pk, "ID") for message in response.wsgi_request._messages]
        answers.append((response.status_code, response.get("Location"), text_of(response).replace(pk, "ID"), told))
    assert answers[0] == answers[1]
    assert answers[0][0] in {302, 403}
    with tenant_scope(world.theirs.team.id):
        assert model.objects.filter(pk=foreign).exists()


def test_a_team_admin_reads_the_own_team_only(world: World, cast: Any, sits: SignIn) -> None:
    client = sits(cast.admin)
    assert world.theirs.team.name not in text_of(client.get(url(Team, "changelist")))
    assert client.get(url(Team, "change", world.ours.team.pk)).status_code == 200
    assert client.post(url(Team, "change", world.ours.team.pk), {"name": "x", "slug": "x"}).status_code == 403
    assert client.get(url(Team, "add")).status_code == 403
    assert client.get(url(Team, "change", world.theirs.team.pk)).status_code == 302
    assert client.post(url(Team, "delete", world.ours.team.pk), {"post": "yes"}).status_code == 403


def test_an_operator_opens_and_closes_teams_but_deletes_none(world: World, cast: Any, sits: SignIn) -> None:
    client = sits(cast.operator)
    fields = {"name": "New", "slug": "new", "is_active": "on", "settings": '{"registration": "open"}'}
    assert client.post(url(Team, "add"), fields).status_code == 302
    assert Team.objects.get(slug="new").registration == "open"
    closed = {"name": "Theirs", "slug": "theirs", "settings": ""}
    assert client.post(url(Team, "change", world.theirs.team.pk), closed).status_code == 302
    team = Team.objects.get(slug="theirs")
    assert (team.is_active, team.settings) == (False, {})
    assert client.post(url(Team, "delete", team.pk), {"post": "yes"}).status_code == 403


def test_counts_of_tries_are_for_operators(world: World, cast: Any, sits: SignIn) -> None:
    window = RateWindow.objects.create(key="address:192.0.2.1", started_at=timezone.now(), count=3)
    for page, args in {"changelist": (), "change": (window.pk,), "history": (window.pk,)}.items():
        assert sits(cast.admin).get(url(RateWindow, page, *args)).status_code in {302, 403}
        assert sits(cast.operator).get(url(RateWindow, page, *args)).status_code == 200
    assert "192.0.2.1" not in text_of(sits(cast.admin).get("/admin/"))
    assert sits(cast.operator).post(url(RateWindow, "delete", window.pk), {"post": "yes"}).status_code == 302
    assert not RateWindow.objects.filter(pk=window.pk).exists()


@pytest.mark.parametrize("who", ["admin", "operator"])
@pytest.mark.parametrize(
    "query",
    [
        {"q": "\x00"},
        {"q": "x" * 5000},
        {"p": "99999999999999999999"},
        {"o": "99.-1.x"},
        {"agent__id__exact": "\x00"},
        {"agent__id__exact": "not-an-id"},
        {"user__id__exact": "\ud800"},
        {"updated_at__year": "99999999999"},
        {"updated_at__year": "2026", "updated_at__month": "13"},
        {"is_archived__exact": "maybe"},
        {"no_such_field": "1"},
        {"all": "1", "_popup": "1", "_to_field": "id"},
    ],
    ids=str,
)
def test_a_senseless_question_is_no_fault_of_ours(
    world: World, cast: Any, sits: SignIn, who: str, query: dict[str, str]
) -> None:
    encoded = "&".join(f"{name}={quote(text, errors='surrogatepass')}" for name, text in query.items())
    response = sits(getattr(cast, who)).get(f"{url(Chat, 'changelist')}?{encoded}")
    assert response.status_code in {200, 302, 400}
    if who == "admin":
        assert [mark for mark in marks_of_theirs(world) if mark in text_of(response)] == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_with_a_nul_in_it_is_none_of_ours(world: World, cast: Any, sits: SignIn, method: str) -> None:
    client = sits(cast.operator)
    for model in MODELS:
        for page in ("change", "delete", "history"):
            assert getattr(client, method)(url(model, page, "\0")).status_code == 400, model


def test_a_search_that_no_database_could_make_is_refused(world: World, cast: Any, sits: SignIn) -> None:
    client = sits(cast.operator)
    assert client.get(url(User, "changelist"), {"q": "x" * 60_000}).status_code == 400
    assert client.get(url(User, "changelist"), {"q": "x" * 2000}).status_code == 200


@pytest.mark.parametrize("chosen", ["zz", "\0", "", "9" * 40])
@pytest.mark.parametrize("who", ["admin", "operator"])
def test_an_action_on_what_can_be_no_id_is_refused(
    world: World, cast: Any, sits: SignIn, who: str, chosen: str
) -> None:
    client = sits(getattr(cast, who))
    for model, action in (*((model, "delete_selected") for model in DELETED), (ApiKey, "revoke")):
        row = world.ours.rows[model]
        sent = {"action": action, "_selected_action": [str(row.pk), chosen], "post": "yes"}
        assert client.post(url(model, "changelist"), sent).status_code == 400
        with tenant_scope(world.ours.team.id):
            assert model.objects.filter(pk=row.pk).exists()
