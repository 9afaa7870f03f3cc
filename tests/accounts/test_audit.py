"""The audit log: the actions write it, nobody changes it, and no secret gets into it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, models, transaction
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.actions import people
from accounts.audit import AN_OPERATOR, AuditAction
from accounts.management.commands import changepassword
from accounts.models import AppendOnly, AuditEntry, User
from accounts.resolver import SESSION_TEAM_KEY
from agents.models import Agent
from tenants.models import Team
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.accounts.conftest import ApiClient
from tests.conftest import Cast
from tests.factories import PASSWORD, AgentFactory, ChatFactory, UserFactory
from tests.keys import new_key, with_key

HERE = "127.0.0.1"
ClientOf = Callable[[User], Client]


def log(team: Team, *actions: AuditAction) -> list[AuditEntry]:
    """Return a team's entries, the oldest first; only those of some actions if given."""
    with tenant_scope(team.id):
        entries = AuditEntry.objects.order_by("at", "id")
        return list(entries.filter(action__in=actions) if actions else entries)


def told(entry: AuditEntry) -> tuple[Any, ...]:
    return (entry.action, entry.actor_kind, entry.actor_name, entry.object_name, entry.details)


# Signing in and out


@pytest.mark.parametrize(
    ("path", "via"), [("/sign-in", "page"), ("/api/auth/login", "api"), ("/admin/login/", "admin")]
)
def test_a_sign_in_is_recorded_with_how_and_from_where(cast: Cast, path: str, via: str) -> None:
    Client().post(path, {"email": "Admin@ours.org", "password": PASSWORD}, content_type=kind_of(path))
    (entry,) = log(cast.team)
    assert told(entry) == ("auth.signed_in", "person", "admin@ours.org", "admin@ours.org", {"via": via})
    assert (entry.actor_id, entry.object_id, entry.address) == (cast.admin.id, str(cast.admin.id), HERE)
    assert log(cast.other_team) == []


def kind_of(path: str) -> str:
    return "application/json" if path.startswith("/api/") else MULTIPART_CONTENT


def test_a_sign_in_costs_one_insert_more_and_a_message_none(cast: Cast, client_of: ClientOf) -> None:
    with CaptureQueriesContext(connection) as captured:
        ApiClient().login()
    assert len([query for query in captured if "accounts_auditentry" in query["sql"]]) == 1
    client = client_of(cast.owner)
    chat = ChatFactory(user=cast.owner)
    with CaptureQueriesContext(connection) as captured:
        client.get(f"/api/chats/{chat.id}")
        client.post(f"/api/chats/{chat.id}/messages", {"content": "x"}, "application/json")
    assert not any("auditentry" in query["sql"] for query in captured)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/sign-in", "/api/auth/login", "/admin/login/"])
def test_a_failed_sign_in_stands_in_each_log_of_the_account_although_it_is_refused(cast: Cast, path: str) -> None:
    UserFactory(team=cast.other_team, email="owner@ours.org")
    Client().post(path, {"email": "owner@ours.org", "password": "wrong"}, content_type=kind_of(path))
    for team in (cast.team, cast.other_team):
        (entry,) = log(team)
        assert told(entry) == ("auth.sign_in_failed", "nobody", "", "owner@ours.org", {})
        assert entry.address == HERE


def test_a_try_of_somebody_who_was_deactivated_is_recorded_too(cast: Cast) -> None:
    UserFactory(team=cast.team, email="gone@ours.org", is_active=False)
    ApiClient().login(email="gone@ours.org", password=PASSWORD)
    (entry,) = log(cast.team)
    assert told(entry) == ("auth.sign_in_failed", "nobody", "", "gone@ours.org", {})


def test_what_was_typed_for_an_e_mail_that_nobody_has_is_recorded_nowhere(cast: Cast) -> None:
    ApiClient().login(email="my-password@typed.here", password="wrong")
    ApiClient().login(team="theirs", password="wrong")
    with unsafe_all_tenants(reason="look"):
        assert not AuditEntry.objects.exists()


def test_a_locked_account_fills_no_log(cast: Cast, settings: Any) -> None:
    settings.LOGIN_RATE_PER_MINUTE, settings.LOGIN_FAILURES_PER_ACCOUNT = 1000, 3
    for _ in range(8):
        ApiClient().login(password="wrong")
    assert len(log(cast.team)) == 3


def test_a_wrong_present_password_on_the_profile_is_a_failed_try(cast: Cast) -> None:
    client = Client()
    client.post("/sign-in", {"email": "owner@ours.org", "password": PASSWORD})
    new = {"save": "password", "password": "a long new password", "repeated": "a long new password"}
    client.post("/profile", {**new, "present": "wrong"})
    (entry,) = log(cast.team, AuditAction.SIGN_IN_FAILED)
    assert (entry.actor_name, entry.object_name) == ("owner@ours.org", "owner@ours.org")


def test_staying_signed_in_after_a_password_change_is_no_sign_in(cast: Cast) -> None:
    client = Client()
    client.post("/sign-in", {"email": "owner@ours.org", "password": PASSWORD})
    new = {"save": "password", "password": "a long new password", "repeated": "a long new password"}
    assert client.post("/profile", {**new, "present": PASSWORD}).status_code == 302
    assert client.get("/profile").status_code == 200
    assert [entry.action for entry in log(cast.team)] == ["auth.signed_in", "password.changed"]


def test_signing_out_is_recorded_once_however_one_was_signed_in(cast: Cast, api: ApiClient) -> None:
    api.login()
    api.send("/api/auth/logout")
    client = Client()
    client.post("/sign-in", {"email": "owner@ours.org", "password": PASSWORD})
    client.post("/sign-out")
    Client().post("/sign-out")
    entries = log(cast.team, AuditAction.SIGNED_OUT)
    assert [(entry.actor_name, entry.object_name) for entry in entries] == [("owner@ours.org", "owner@ours.org")] * 2


def test_a_replayed_token_is_recorded_once_and_a_refresh_never(cast: Cast, api: ApiClient) -> None:
    first = api.login().cookies["refresh_token"].value
    api.send("/api/auth/refresh")
    api.send("/api/auth/refresh")
    assert [entry.action for entry in log(cast.team)] == ["auth.signed_in"]
    for _ in range(2):
        thief = ApiClient()
        thief.cookies["refresh_token"] = first
        assert thief.send("/api/auth/refresh").status_code == 401
    (entry,) = log(cast.team, AuditAction.TOKEN_REPLAYED)
    assert told(entry) == ("auth.token_replayed", "nobody", "", "owner@ours.org", {})


def test_signing_a_client_out_is_recorded(cast: Cast, api: ApiClient) -> None:
    api.login()
    client = Client()
    client.post("/sign-in", {"email": "owner@ours.org", "password": PASSWORD})
    with tenant_scope(cast.team.id):
        session = cast.owner.refresh_sessions.get()
    for _ in range(2):
        client.post(f"/profile/clients/{session.id}/revoke")
    (entry,) = log(cast.team, AuditAction.CLIENT_REVOKED)
    assert (entry.actor_name, entry.object_name) == ("owner@ours.org", "owner@ours.org")


# Agents


def test_agents_are_recorded_with_the_names_of_what_changed(cast: Cast, client_of: ClientOf) -> None:
    admin = client_of(cast.admin)

    def send(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return admin.generic(method, f"/api/agents{path}", json.dumps(body or {}), "application/json")

    body = {"name": "Bot", "kind": "webhook", "webhook_url": "https://n8n.example/1", "webhook_token": "token-4711"}
    made = send("POST", "", body).json()
    path = f"/{made['id']}"
    send("PATCH", path, {"name": "Bot", "webhook_token": made["webhook_token"]})
    send("PATCH", path, {"name": "Robot", "description": "", "webhook_token": "token-0815"})
    send("PATCH", path, {"kind": "no such kind"})
    send("DELETE", path)
    entries = [entry for entry in log(cast.team) if entry.object_type == "agent"]
    assert [(entry.action, entry.object_name, entry.details) for entry in entries] == [
        ("agent.created", "Bot", {}),
        ("agent.changed", "Robot", {"fields": ["name", "webhook_token"]}),
        ("agent.deleted", "Robot", {}),
    ]
    assert {(entry.actor_name, entry.object_id, entry.address) for entry in entries} == {
        ("admin@ours.org", made["id"], HERE)
    }


# Who asks


def test_a_key_that_acts_is_named_with_its_owner(cast: Cast) -> None:
    key, text = new_key(cast.admin)
    Client().post("/api/agents", {"name": "Bot", "kind": "demo"}, "application/json", headers=with_key(text))
    (entry,) = log(cast.team, AuditAction.AGENT_CREATED)
    assert (entry.actor_kind, entry.actor_name, entry.key_prefix) == ("key", "admin@ours.org", key.key_prefix)


def test_the_command_line_is_called_by_its_name(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changepassword, "getpass", lambda prompt: "a long new password")
    call_command("changepassword", "owner@ours.org", "--team", "ours", verbosity=0)
    (entry,) = log(cast.team)
    assert told(entry) == ("password.changed", "system", "", "owner@ours.org", {})
    assert (entry.actor_id, entry.address) == (None, None)


def test_a_person_of_another_team_is_nobody_to_a_log(cast: Cast) -> None:
    """Somebody signed in elsewhere, in a page or with a token, types an e-mail of ours."""
    client = Client()
    client.post("/sign-in", {"email": "outsider@theirs.org", "password": PASSWORD})
    client.post("/sign-in", {"email": "owner@ours.org", "password": "wrong"})
    (entry,) = log(cast.team)
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("nobody", None, "")


def test_an_operators_e_mail_stands_in_no_log(cast: Cast) -> None:
    boss = UserFactory(team=cast.team, email="boss@ours.org", role="admin", is_superuser=True)
    client = Client()
    client.post("/admin/login/", {"email": "boss@ours.org", "password": PASSWORD})
    client.post("/admin/accounts/user/add/", {"email": "x"})
    ApiClient().login(email="boss@ours.org", password="wrong")
    signed_in, failed = log(cast.team)
    assert (signed_in.actor_name, signed_in.object_name, failed.object_name) == (AN_OPERATOR,) * 3
    assert signed_in.actor_id == boss.id
    assert failed.object_id == str(boss.id)


# Append-only


@pytest.fixture
def entry(cast: Cast) -> AuditEntry:
    audit.record(AuditAction.TEAM_CHANGED, team_id=cast.team.id)
    return log(cast.team)[0]


def _change(entry: AuditEntry) -> AuditEntry:
    entry.action = "forged"
    return entry


def _twin(entry: AuditEntry) -> AuditEntry:
    return AuditEntry(pk=entry.pk, team_id=entry.team_id, action="forged", actor_kind="system")


WAYS: dict[str, Callable[[AuditEntry], Any]] = {
    "save": lambda entry: _change(entry).save(),
    "save of some fields": lambda entry: _change(entry).save(update_fields=["action"]),
    "forced save": lambda entry: _twin(entry).save(force_update=True),
    "save as fixtures are": lambda entry: _twin(entry).save_base(raw=True),
    "delete": lambda entry: entry.delete(),
    "update of many": lambda entry: AuditEntry.objects.update(action="forged"),
    "update of one": lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(action="forged"),
    "bulk update": lambda entry: AuditEntry.objects.bulk_update([_change(entry)], ["action"]),
    "update or create": lambda entry: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"action": "forged"}),
    "delete of many": lambda entry: AuditEntry.objects.all().delete(),
    "fast delete": lambda entry: AuditEntry.objects.all()._raw_delete("default"),
    "base manager": lambda entry: AuditEntry._base_manager.all().delete(),
    "base manager's update": lambda entry: AuditEntry._base_manager.update(action="forged"),
    "the team's deletion": lambda entry: Team.objects.get(pk=entry.team_id).delete(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wide", [False, True])
def test_no_way_of_the_orm_changes_or_takes_away_an_entry(entry: AuditEntry, cast: Cast, way: str, wide: bool) -> None:
    scope = unsafe_all_tenants(reason="try") if wide else tenant_scope(cast.team.id)
    with scope, pytest.raises(AppendOnly), transaction.atomic():
        WAYS[way](entry)
    (kept,) = log(cast.team)
    assert (kept.pk, kept.action) == (entry.pk, "team.changed")


def test_nothing_points_at_an_entry_or_from_it(cast: Cast) -> None:
    """A cascade has no way to it but the team's."""
    links = [field.name for field in AuditEntry._meta.get_fields() if field.is_relation]
    assert links == ["team"]
    assert isinstance(AuditEntry._meta.get_field("id"), models.UUIDField)


def test_entries_outlive_the_person_and_the_agent(cast: Cast, client_of: ClientOf) -> None:
    agent = AgentFactory(team=cast.team, name="Bot")
    client_of(cast.admin).delete(f"/api/agents/{agent.id}")
    with tenant_scope(cast.team.id):
        User.objects.get(id=cast.admin.id).delete()
        assert not Agent.objects.exists()
    actions = [(entry.action, entry.actor_name) for entry in log(cast.team)]
    assert actions == [("auth.signed_in", "admin@ours.org"), ("agent.deleted", "admin@ours.org")]


def test_a_team_without_entries_may_go(db: Any) -> None:
    team = Team.objects.create(name="Empty", slug="empty")
    with unsafe_all_tenants(reason="take an empty team away"):
        team.delete()
    assert not Team.objects.filter(slug="empty").exists()


# Secrets

MARK = "MARKED"


def test_no_secret_and_nobodys_text_gets_into_it(cast: Cast, client_of: ClientOf) -> None:
    """Everything typed here that is a secret or a text is marked; the names that may be told are not."""
    password = f"{MARK} long password"
    with tenant_scope(cast.team.id):
        people.change_password(user=cast.admin, password=password)
    page = Client()
    page.post("/sign-in", {"email": "admin@ours.org", "password": f"{MARK} wrong password"})
    page.post("/sign-in", {"email": f"{MARK.lower()}@typed.org", "password": password})
    assert page.post("/sign-in", {"email": "admin@ours.org", "password": password}).status_code == 302
    secret = {"name": "Bot", "kind": "webhook", "webhook_url": f"https://n8n.example/{MARK}"}
    hidden = {"webhook_token": f"{MARK}-token", "system_prompt": f"{MARK} prompt", "config": {"x": MARK}}
    api = client_of(cast.admin)
    agent = api.post("/api/agents", {**secret, **hidden}, "application/json").json()["id"]
    changed = {"webhook_url": f"https://n8n.example/{MARK}/2", "webhook_token": f"{MARK}-2", "config": {"x": MARK * 2}}
    assert api.patch(f"/api/agents/{agent}", changed, "application/json").status_code == 200
    chat = ChatFactory(user=cast.owner, title=f"{MARK} title")
    key, text = new_key(cast.admin)
    assert Client().get("/api/auth/me", headers=with_key(text)).status_code == 200
    new = f"{MARK} other password"
    page.post("/profile", {"save": "password", "present": password, "password": new, "repeated": new})
    edited = {"title": f"{MARK} new title", "user": str(cast.owner.pk), "agent": str(chat.agent_id), "metadata": "{}"}
    assert page.post(f"/admin/chats/chat/{chat.pk}/change/", edited).status_code == 302
    assert page.post(f"/admin/chats/chat/{chat.pk}/delete/", {"post": "yes"}).status_code == 302
    person = {"email": "new@ours.org", "full_name": "New", "role": "user", "is_active": "on", "new_password": new}
    assert page.post("/admin/accounts/user/add/", person).status_code == 302
    cookies = [str(page.cookies[name].value) for name in page.cookies]
    page.post("/sign-out")
    entries = log(cast.team)
    whole = json.dumps([{**vars(entry), "_state": None} for entry in entries], default=str)
    assert {"chat.changed", "chat.deleted", "agent.changed", "key.created", "person.added", "auth.sign_in_failed"} <= {
        entry.action for entry in entries
    }
    assert MARK.lower() not in whole.lower()
    assert text not in whole
    assert key.key_hash not in whole
    assert [cookie for cookie in cookies if cookie and cookie in whole] == []
    assert SESSION_TEAM_KEY in whole  # the search bites
