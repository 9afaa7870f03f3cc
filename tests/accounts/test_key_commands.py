"""`manage.py apikey` and `manage.py tier`."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, AuditEntry, Tier, User
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.keys import new_key, seen, with_key

pytestmark = pytest.mark.django_db


def all_keys() -> list[ApiKey]:
    with unsafe_all_tenants(reason="look"):
        return list(ApiKey.objects.all())


def log_of(team) -> list[AuditEntry]:
    with tenant_scope(team.id):
        return list(AuditEntry.objects.order_by("at"))


def create(*arguments: str, team: str = "ours") -> None:
    call_command("apikey", "create", "--team", team, *arguments)


# apikey


def test_a_key_is_the_only_line_on_stdout_and_works(cast, capsys):
    create("--user", "owner@ours.org", "--scope", "account:read")
    told = capsys.readouterr()
    text = told.out.strip()
    assert told.out == f"{text}\n"
    assert "owner@ours.org" in told.err
    assert text not in told.err
    assert Client().get("/api/auth/me", headers=with_key(text)).json()["email"] == "owner@ours.org"
    (key,) = all_keys()
    assert (key.user_id, key.scopes, key.name, key.expires_at) == (cast.owner.id, ["account:read"], "API Key", None)
    assert [entry.action for entry in log_of(cast.team)] == ["key.created"]


def test_it_prints_an_object_for_programs(cast, capsys):
    create(
        *("--scope", "users:sync,bench", "--name", "Portal", "--expires-days", "30", "--needs-signature", "--json"),
        *("--allow", "192.0.2.7/24", "--allow", "2001:db8::/32"),
    )
    made = json.loads(capsys.readouterr().out)
    (key,) = all_keys()
    assert made["api_key"].startswith(made["key_prefix"])
    assert (made["id"], made["user"], made["name"]) == (str(key.id), None, "Portal")
    assert made["scopes"] == key.scopes == ["bench", "users:sync"]
    assert made["allowed_networks"] == ["192.0.2.0/24", "2001:db8::/32"]
    assert (made["needs_signature"], made["last_used_at"]) == (True, None)
    assert key.user_id is None
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)
    assert made["expires_at"] == key.expires_at.isoformat()


def test_scopes_may_be_repeated_and_listed(cast, capsys):
    create("--user", "owner@ours.org", "--scope", "chats:read, chats:write", "--scope", "agents:read")
    assert all_keys()[0].scopes == ["agents:read", "chats:read", "chats:write"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--team", "nowhere", "--scope", "bench"], "There is no team 'nowhere'."),
        (["--user", "nobody@ours.org", "--scope", "bench"], "no active person with the e-mail nobody@ours.org"),
        (["--user", "outsider@theirs.org", "--scope", "bench"], "no active person with the e-mail outsider"),
        (["--scope", "everything"], "There is no scope 'everything'; the scopes are account:read, "),
        (["--scope", "chats:read"], "scopes: Not for this key: chats:read."),
        (["--user", "owner@ours.org", "--scope", "users:sync"], "scopes: Not for this key: users:sync."),
        (["--scope", ","], "scopes: Name at least one scope."),
        (["--scope", "bench", "--expires-days", "0"], "expires_days: Between 1 and 3650"),
        (["--scope", "bench", "--expires-days", "3651"], "expires_days: Between 1 and 3650"),
        (["--scope", "bench", "--allow", "somewhere"], "allowed_networks: Write networks like"),
        (["--scope", "bench", "--name", "x" * 101], "name: Ensure this value has at most 100"),
        (["--scope", "bench", "--name", "a\nb"], "name: A name has neither line breaks"),
        (["--scope", "bench", "--name", "a\x1b[2Jb"], "name: A name has neither line breaks"),
        (["--scope", "bench", "--expires-days", "soon"], "invalid int value"),
        ([], "--scope"),
    ],
)
def test_a_key_is_refused_with_a_sentence(cast, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        create(*arguments)
    assert all_keys() == []


def test_an_inactive_person_gets_no_key(cast):
    with tenant_scope(cast.team.id):
        User.objects.filter(id=cast.owner.id).update(is_active=False)
    with pytest.raises(CommandError, match="no active person"):
        create("--user", "owner@ours.org", "--scope", "bench")


def test_the_list_shows_open_keys_of_one_team_and_no_secret(cast, capsys):
    key, text = new_key(cast.owner, ["chats:read"])
    own, _ = new_key(cast.team)
    new_key(cast.outsider)
    gone, _ = new_key(cast.owner)
    with tenant_scope(cast.team.id):
        ApiKey.objects.filter(id=gone.id).update(revoked_at=timezone.now())
    call_command("apikey", "list", "--team", "ours", "--json")
    listed = json.loads(capsys.readouterr().out)
    assert listed["total"] == 2
    assert [shown["id"] for shown in listed["api_keys"]] == [str(own.id), str(key.id)]
    assert [shown["user"] for shown in listed["api_keys"]] == [None, "owner@ours.org"]
    call_command("apikey", "list", "--team", "ours")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [str(own.id), str(key.id)]
    assert not any(text[15:] in line or key.key_hash in line for line in lines)


@pytest.mark.parametrize("owner", ["owner", "team"])
def test_a_key_is_revoked_by_its_id(cast, owner, capsys):
    key, _ = new_key(getattr(cast, owner))
    call_command("apikey", "revoke", "--team", "ours", str(key.id))
    assert seen(key).revoked_at is not None
    assert [entry.action for entry in log_of(cast.team)] == ["key.created", "key.revoked"]
    with pytest.raises(CommandError, match="was revoked before"):
        call_command("apikey", "revoke", "--team", "ours", str(key.id))


def test_no_key_of_another_team_is_revoked(cast):
    key, _ = new_key(cast.outsider)
    for wrong in (str(key.id), str(uuid4())):
        with pytest.raises(CommandError, match="has no key with the id"):
            call_command("apikey", "revoke", "--team", "ours", wrong)
    with pytest.raises(CommandError, match="is no id of a key"):
        call_command("apikey", "revoke", "--team", "ours", "nonsense")
    assert seen(key).revoked_at is None


# tier


def tier(*arguments: str) -> None:
    call_command("tier", *arguments)


def limits(name: str) -> tuple[int | None, int | None]:
    found = Tier.objects.get(name=name)
    return found.requests_per_hour, found.runs_per_month


def test_a_tier_is_defined_and_changed(db, capsys):
    tier("define", "gold", "--requests-per-hour", "5", "--runs-per-month", "60")
    assert limits("gold") == (5, 60)
    tier("define", "single", "--requests-per-hour", "1", "--runs-per-month", "1")
    assert capsys.readouterr().out == "gold: 5 calls an hour, 60 a month\nsingle: 1 call an hour, 1 a month\n"
    tier("define", "gold", "--requests-per-hour", "unlimited", "--runs-per-month", "0")
    assert limits("gold") == (None, 0)
    tier("define", "gold")
    assert limits("gold") == (None, None)


def test_the_operators_read_in_their_log_how_a_tier_was_defined(cast):
    tier("define", "gold", "--requests-per-hour", "5", "--runs-per-month", "60")
    tier("define", "gold", "--requests-per-hour", "5", "--runs-per-month", "60")
    tier("define", "gold", "--requests-per-hour", "5")
    with pytest.raises(CommandError):
        tier("define", "gold", "--requests-per-hour", "-1")
    entries = log_of(cast.operator.team)
    assert [(entry.action, entry.actor_kind, entry.object_name, entry.details) for entry in entries] == [
        ("tier.defined", "system", "gold", {}),
        ("tier.defined", "system", "gold", {"fields": ["runs_per_month"]}),
    ]
    assert log_of(cast.team) == log_of(cast.other_team) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["two words"],
        [""],
        ["none", "--requests-per-hour", "5"],
        ["x" * 41],
        ["gold", "--requests-per-hour", "-1"],
        ["gold", "--requests-per-hour", "many"],
        ["gold", "--runs-per-month", "1.5"],
        ["gold", "--runs-per-month", str(10**30)],
    ],
)
def test_a_tier_is_refused_with_a_sentence(db, arguments):
    before = [*Tier.objects.values()]
    with pytest.raises(CommandError):
        tier("define", *arguments)
    assert [*Tier.objects.values()] == before


def test_a_person_gets_a_tier_and_the_log_says_so(cast, capsys):
    tier("set", "--team", "ours", "--user", "Owner@Ours.org", "pro")
    tier("set", "--team", "ours", "--user", "owner@ours.org", "pro")
    assert "owner@ours.org is in the tier pro." in capsys.readouterr().out
    with unsafe_all_tenants(reason="look"):
        assert dict(User.objects.values_list("email", "tier_id")) == {
            **{user.email: "team" for user in vars(cast).values() if isinstance(user, User)},
            "owner@ours.org": "pro",
        }
    (entry,) = log_of(cast.team)
    assert (entry.action, entry.actor_kind, entry.object_id) == ("person.tier_changed", "system", str(cast.owner.id))
    assert entry.details == {"before": "team", "after": "pro"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--team", "nowhere", "--user", "owner@ours.org", "pro"], "There is no team 'nowhere'."),
        (["--team", "ours", "--user", "outsider@theirs.org", "pro"], "no active person"),
        (["--team", "ours", "--user", "owner@ours.org", "gold"], "There is no tier 'gold'; there are free, none, pro"),
    ],
)
def test_a_tier_is_not_given_where_something_is_unknown(cast, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        tier("set", *arguments)
    assert log_of(cast.team) == []


def test_the_tiers_are_listed(db, capsys):
    tier("list")
    assert "team: unlimited calls an hour, unlimited a month" in capsys.readouterr().out.splitlines()
    tier("list", "--json")
    listed = json.loads(capsys.readouterr().out)["tiers"]
    assert {"name": "none", "requests_per_hour": 0, "runs_per_month": 0} in listed
