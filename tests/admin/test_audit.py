"""The audit log in the administration: to read, to filter, to take along, and never to change."""

import csv
import io
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.admin import audit as page
from accounts.admin.recording import ACTIONS
from accounts.audit import AuditAction
from accounts.models import AuditEntry, ExternalIdentity, RefreshSession, User
from agents.models import Agent
from chats.models import Chat, Message
from tenants.events import Verb
from tenants.models import Team
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.admin.conftest import SignIn
from tests.admin.forms import GOOD, agent, chat, person, the
from tests.admin.test_every_page import text_of, url
from tests.conftest import Cast
from tests.factories import PASSWORD, UserFactory
from tests.isolation.conftest import World

LIST = "/admin/accounts/auditentry/"
EXPORT = f"{LIST}export/"


def log(team: Team, *actions: AuditAction) -> list[AuditEntry]:
    with tenant_scope(team.id):
        entries = AuditEntry.objects.exclude(actor_id=None, address=None).order_by("at", "id")
        return list(entries.filter(action__in=actions) if actions else entries)


def told(entries: list[AuditEntry]) -> list[tuple[Any, ...]]:
    return [(entry.action, entry.actor_name, entry.object_name, entry.details) for entry in entries]


def rows_of(response: Any) -> list[dict[str, str]]:
    text = response.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


# What is written


def test_each_page_that_writes_has_words_for_it(world: World, cast: Cast, rf: Any) -> None:
    request = rf.get("/admin/")
    request.user = cast.operator
    for model, model_admin in admin.site._registry.items():
        allowed = {
            Verb.ADDED: model_admin.has_add_permission(request),
            Verb.CHANGED: model_admin.has_change_permission(request),
            Verb.DELETED: model_admin.has_delete_permission(request),
        }
        for verb, may in allowed.items():
            assert ((model._meta.label, verb) in ACTIONS) == may, (model, verb)


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_what_is_done_to_people_stands_in_their_teams_log(world: World, cast: Cast, sits: SignIn, who: str) -> None:
    name = "An operator" if who == "operator" else "admin@ours.org"
    client = sits(getattr(cast, who))
    more = {"in_team": str(cast.team.id)} if who == "operator" else {}
    assert client.post(url(User, "add"), person(new_password=GOOD, **more)).status_code == 302
    made = the(User, email="new@ours.org")
    change = url(User, "change", made.pk)
    same = {"tier": made.tier_id}
    assert client.post(change, person(**same)).status_code == 302
    assert client.post(change, person(role="admin", **same)).status_code == 302
    assert client.post(change, {**person(role="admin", **same), "is_active": ""}).status_code == 302
    assert client.post(url(User, "delete", made.pk), {"post": "yes"}).status_code == 302
    assert told(log(cast.team)) == [
        ("person.added", name, "new@ours.org", {}),
        ("person.changed", name, "new@ours.org", {"fields": ["role"]}),
        ("person.role_changed", name, "new@ours.org", {"before": "user", "role": "admin"}),
        ("person.changed", name, "new@ours.org", {"fields": ["is_active"]}),
        ("person.deactivated", name, "new@ours.org", {}),
        ("person.deleted", name, "new@ours.org", {}),
    ]
    assert {entry.address for entry in log(cast.team)} == {"127.0.0.1"}
    assert log(cast.other_team) == log(cast.operator.team) == []


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_what_is_done_to_agents_and_chats_stands_there_too(world: World, cast: Cast, sits: SignIn, who: str) -> None:
    client = sits(getattr(cast, who))
    ours, message = world.ours, world.ours.rows[Message]
    assert client.post(url(Agent, "change", ours.agent.pk), agent(name="o1", kind="demo")).status_code == 302
    assert client.post(url(Chat, "change", ours.chat.pk), chat(world, title="secret matter")).status_code == 302
    assert client.post(url(Message, "change", message.pk), {"content": "secret matter"}).status_code == 302
    for model, row in ((Message, message), (Chat, ours.chat), (Agent, ours.agent)):
        chosen = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        assert client.post(url(model, "changelist"), chosen).status_code == 302
    entries = log(cast.team)
    assert [(entry.action, entry.object_name) for entry in entries] == [
        ("agent.changed", "o1"), ("chat.changed", ""), ("message.changed", ""),
        ("message.deleted", ""), ("chat.deleted", ""), ("agent.deleted", "o1"),
    ]  # fmt: skip
    assert entries[1].details == {"fields": ["title"]}
    assert [entry.object_id for entry in entries[3:]] == [str(row.pk) for row in (message, ours.chat, ours.agent)]
    assert "secret matter" not in str([vars(entry) for entry in entries])


def test_clients_and_identities_are_recorded_by_whose_they_are(world: World, cast: Cast, sits: SignIn) -> None:
    client, session = sits(cast.admin), world.ours.rows[RefreshSession]
    chosen = {"action": "revoke", "_selected_action": [str(session.pk)]}
    for _ in range(2):
        client.post(url(RefreshSession, "changelist"), chosen)
    identity = world.ours.rows[ExternalIdentity]
    assert client.post(url(ExternalIdentity, "delete", identity.pk), {"post": "yes"}).status_code == 302
    assert told(log(cast.team)) == [
        ("client.revoked", "admin@ours.org", "owner@ours.org", {}),
        ("identity.unlinked", "admin@ours.org", str(identity), {}),
    ]


def test_a_team_that_is_opened_or_changed_reads_it_in_its_own_log(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.operator)
    closed = {"name": cast.team.name, "slug": "ours", "is_active": "on", "settings": '{"max_users": 9}'}
    assert client.post(url(Team, "change", cast.team.pk), closed).status_code == 302
    assert client.post(url(Team, "add"), {**closed, "name": "New", "slug": "new"}).status_code == 302
    assert told(log(cast.team)) == [("team.changed", "An operator", cast.team.name, {"fields": ["settings"]})]
    assert told(log(Team.objects.get(slug="new"))) == [("team.created", "An operator", "New", {})]


def test_what_is_refused_is_not_recorded(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    client.post(url(User, "add"), person(new_password="short"))
    client.post(url(User, "delete", cast.admin.pk), {"post": "yes"})
    client.post(url(Chat, "delete", world.theirs.chat.pk), {"post": "yes"})
    client.post(url(Agent, "change", world.ours.agent.pk), agent(kind="no such kind"))
    assert log(cast.team) == log(cast.other_team) == []


# What is read


@pytest.fixture
def busy(world: World, cast: Cast) -> None:
    """Both teams have entries; an operator did something in each."""
    with audit.asked_by(None, None):
        for team in (cast.team, cast.other_team):
            audit.record(AuditAction.TEAM_CHANGED, team_id=team.id, target=team, actor=cast.operator)
            admin_ = cast.admin if team == cast.team else cast.other_admin
            audit.record(AuditAction.EXPORTED, team_id=team.id, actor=admin_, what="things", rows=3)


def test_an_empty_log_says_so(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    assert "Nothing was recorded yet." in text_of(client.get(LIST))
    assert "No entry fits what you look for." in text_of(client.get(LIST, {"q": "somebody"}))


def test_a_team_admin_reads_the_own_log_and_no_operators_name(busy: None, cast: Cast, sits: SignIn) -> None:
    text = text_of(sits(cast.admin).get(LIST))
    assert "An operator" in text
    assert "Changed the team" in text
    assert "rows: 3; what: things" in text
    assert [mark for mark in ("operator@parley.test", "@theirs.org", str(cast.other_team)) if mark in text] == []


def test_an_operator_reads_all_logs_and_the_names_of_operators(busy: None, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.operator)
    text = text_of(client.get(LIST))
    assert text.count("operator@parley.test") >= 2
    assert "admin@theirs.org" in text
    assert str(cast.other_team) in text
    entry = the(AuditEntry, team=cast.team, action="team.changed")
    assert "operator@parley.test" in text_of(client.get(url(AuditEntry, "change", entry.pk)))
    assert "operator@parley.test" not in text_of(sits(cast.admin).get(url(AuditEntry, "change", entry.pk)))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"action": "team.changed"}, {"team.changed"}),
        ({"actor_kind__exact": "person"}, {"team.changed", "export.made", "key.created"}),
        ({"actor_kind__exact": "key"}, set()),
        ({"q": "admin@ours"}, {"export.made"}),
        ({"q": "An operator"}, {"team.changed"}),
        ({"at__year": "2001"}, set()),
        ({"action": "no such thing"}, set()),
    ],
    ids=str,
)
def test_it_is_filtered_and_what_it_shows_is_exported(
    busy: None, cast: Cast, sits: SignIn, query: dict[str, str], shown: set[str]
) -> None:
    client = sits(cast.admin)
    listed = client.get(LIST, query).context["cl"].result_list
    assert {entry.action for entry in listed} == shown
    response = client.post(f"{EXPORT}?{'&'.join(f'{name}={value}' for name, value in query.items())}")
    labels = {AuditAction(action).label for action in shown}
    assert {row["action"] for row in rows_of(response)} == labels


@pytest.mark.parametrize(
    "query",
    ["action=%00", "actor_kind__exact=%00", "q=%00", "q=%ED%A0%80", "at__year=99999999999", "at__year=99999999",
     "at__year=-5", "team__id__exact=zz", "details__a=1", "p=x"],
)  # fmt: skip
@pytest.mark.parametrize("who", ["admin", "operator"])
def test_a_senseless_question_is_no_fault_of_ours(busy: None, cast: Cast, sits: SignIn, who: str, query: str) -> None:
    client = sits(getattr(cast, who))
    for response in (client.get(f"{LIST}?{query}"), client.post(f"{EXPORT}?{query}")):
        assert response.status_code in {200, 302, 400}


def test_an_operator_finds_what_operators_did_by_their_e_mail(busy: None, cast: Cast, sits: SignIn) -> None:
    found = sits(cast.operator).get(LIST, {"q": "operator@parley"}).context["cl"].result_list
    assert [entry.action for entry in found] == ["team.changed"] * 2
    assert sits(cast.admin).get(LIST, {"q": "operator@parley"}).context["cl"].result_list == []


def test_an_export_is_a_file_that_holds_the_own_team_and_is_recorded_with_its_size(
    busy: None, cast: Cast, sits: SignIn
) -> None:
    response = sits(cast.admin).post(EXPORT)
    assert response["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = rows_of(response)
    assert {row["team"] for row in rows} == {"ours"}
    assert "An operator" in {row["actor"] for row in rows}
    assert "operator@parley.test" not in response.content.decode()
    export = log(cast.team, AuditAction.EXPORTED)[-1]
    assert (export.actor_name, export.details) == ("admin@ours.org", {"what": "audit log", "rows": len(rows)})
    assert log(cast.other_team, AuditAction.EXPORTED)[-1].details["what"] == "things"


def test_an_operators_export_is_told_to_each_team_it_took_from(busy: None, cast: Cast, sits: SignIn) -> None:
    rows = rows_of(sits(cast.operator).post(EXPORT))
    for team in (cast.team, cast.other_team):
        export = log(team, AuditAction.EXPORTED)[-1]
        taken = [row for row in rows if row["team"] == team.slug]
        assert (export.actor_name, export.details["rows"]) == ("An operator", len(taken))
    assert {row["actor"] for row in rows} > {"operator@parley.test", "admin@ours.org", "admin@theirs.org"}


def test_no_cell_is_a_formula(world: World, cast: Cast, sits: SignIn) -> None:
    evil = UserFactory(team=cast.team, email="=cmd()@ours.org", role="admin")
    audit.record(AuditAction.TEAM_CHANGED, team_id=cast.team.id, target=evil)
    names = [row["object"] for row in rows_of(sits(cast.admin).post(EXPORT))]
    assert "'=cmd()@ours.org" in names
    assert not any(name.startswith("=") for name in names)


def test_too_much_for_one_file_is_refused_in_words(
    busy: None, cast: Cast, sits: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MAX_EXPORTED", 1)
    client = sits(cast.admin)
    response = client.post(f"{EXPORT}?q=ours", follow=True)
    assert response.redirect_chain == [(f"{LIST}?q=ours", 302)]
    assert b"Narrow them by date" in response.content
    assert log(cast.team, AuditAction.EXPORTED)[-1].details["what"] == "things"


def test_an_export_is_asked_for_with_a_form_of_ours(busy: None, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    assert client.get(EXPORT).status_code == 405
    assert client.post(EXPORT, headers={"origin": "https://evil.example"}).status_code == 403
    assert f'action="{EXPORT}?q=x"' in client.get(LIST, {"q": "x"}).content.decode()
    assert sits(cast.owner).post(EXPORT).status_code == 403


def test_no_entry_is_added_changed_or_deleted_by_anybody(busy: None, cast: Cast, sits: SignIn) -> None:
    entry = the(AuditEntry, team=cast.team, action="team.changed")
    with unsafe_all_tenants(reason="count"):
        count = AuditEntry.objects.count()
    for who in (cast.admin, cast.operator):
        client = sits(who)
        assert client.post(url(AuditEntry, "add"), {"action": "forged"}).status_code == 403
        assert client.post(url(AuditEntry, "change", entry.pk), {"action": "forged"}).status_code == 403
        assert client.post(url(AuditEntry, "delete", entry.pk), {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [str(entry.pk)], "post": "yes"}
        client.post(url(AuditEntry, "changelist"), chosen)
    with unsafe_all_tenants(reason="count"):
        assert AuditEntry.objects.count() == count
    assert the(AuditEntry, pk=entry.pk).action == "team.changed"


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_an_export_costs_the_same_for_few_and_for_many(busy: None, cast: Cast, sits: SignIn, who: str) -> None:
    client = sits(getattr(cast, who))
    client.post(EXPORT)
    costs = []
    for count in (1, 20):
        for _ in range(count):
            audit.record(AuditAction.SIGNED_IN, team_id=cast.team.id, actor=cast.operator, target=cast.operator)
        with CaptureQueriesContext(connection) as captured:
            client.post(EXPORT)
        costs.append(len(captured))
    assert costs[0] == costs[1]


def test_signing_in_to_the_administration_is_the_first_thing_in_the_log(cast: Cast, client: Any) -> None:
    client.post("/admin/login/", {"email": "admin@ours.org", "password": PASSWORD})
    assert "Signed in" in text_of(client.get(LIST))
