"""`manage.py demo`: what it makes, what it leaves alone, what it prints."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.keys import hash_of_key
from accounts.models import PERSONAL_SCOPES, ApiKey, User
from agents.models import Agent
from benchsessions.models import BenchSession, Target
from config.management.commands import demo as command
from tenants.models import Team
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.keys import with_key

pytestmark = pytest.mark.django_db

NAMES = {
    *("base_url", "team", "other_team", "admin", "user", "teammate", "outsider", "other_admin", "operator"),
    *("agent", "other_agent", "api_key", "service_key", "other_service_key"),
}
KEYS = ("api_key", "service_key", "other_service_key")


@pytest.fixture(autouse=True)
def kept(settings, tmp_path):
    """The file of the keys, in a folder of this test's own; and passwords cost nothing here."""
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path / "demo.json"


def demo(capsys, *arguments):
    call_command("demo", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def count():
    with unsafe_all_tenants(reason="test"):
        return Team.objects.count(), User.objects.count(), Agent.objects.count()


def test_it_prints_one_object_that_programs_know(capsys, settings):
    made = demo(capsys)
    assert set(made) >= NAMES
    assert made["base_url"] == settings.BASE_URL
    assert set(made["team"]) == set(made["other_team"]) == {"id", "slug"}
    for person in ("admin", "user", "teammate", "outsider", "other_admin"):
        assert set(made[person]) == {"id", "email", "password"}
    assert set(made["operator"]) == {"username", "password"}
    assert set(made["agent"]) == set(made["other_agent"]) == {"id"}


def test_everybody_can_sign_in_where_and_as_what_they_should(capsys, client):
    made = demo(capsys)
    for person, team, role in (
        ("admin", "team", "admin"),
        ("user", "team", "user"),
        ("teammate", "team", "user"),
        ("outsider", "other_team", "user"),
        ("other_admin", "other_team", "admin"),
    ):
        with tenant_scope(Team.objects.get(pk=made[team]["id"]).id):
            user = User.objects.get(pk=made[person]["id"])
        assert (user.email, user.role) == (made[person]["email"], role)
        assert user.check_password(made[person]["password"])
        assert not user.is_superuser
    with unsafe_all_tenants(reason="test"):
        operator = User.objects.select_related("team").get(email=made["operator"]["username"])
    assert (operator.is_superuser, operator.team.slug) == (True, "operators")
    assert operator.check_password(made["operator"]["password"])


def test_its_agents_are_of_kind_demo_and_say_what_they_are(capsys):
    made = demo(capsys)
    for team, agent in (("team", "agent"), ("other_team", "other_agent")):
        with tenant_scope(Team.objects.get(slug=made[team]["slug"]).id):
            found = Agent.objects.get(pk=made[agent]["id"])
        assert (found.kind, found.is_active) == ("demo", True)
        assert found.description


def test_a_second_run_changes_nothing_and_asks_little(capsys):
    first, counted = demo(capsys), count()
    with CaptureQueriesContext(connection) as queries:
        assert demo(capsys) == first
    assert count() == counted
    assert len(queries) <= 16
    assert not any(query["sql"].startswith(("INSERT", "UPDATE")) for query in queries)


def test_its_bench_has_an_environment_a_set_and_a_session_half_judged(capsys):
    team = Team.objects.get(slug=demo(capsys)["team"]["slug"])
    with tenant_scope(team.id):
        assert Target.objects.get().modes == ["backend"]
        session = BenchSession.objects.get()
        assert (session.n_questions, session.n_answered, session.n_failed, session.n_rated) == (10, 9, 1, 6)
        assert (session.n_correct, session.n_partly, session.n_incorrect) == (4, 1, 1)
        assert session.question_set_version.questions.filter(reference_answer="").count() == 0
        session.delete()
    demo(capsys)
    with tenant_scope(team.id):
        assert not BenchSession.objects.exists()


def test_a_changed_password_stays_and_is_not_claimed_to_be_known(capsys):
    made = demo(capsys)
    with tenant_scope(Team.objects.get(slug="demo").id):
        user = User.objects.get(pk=made["user"]["id"])
        user.set_password("my own password")
        user.save()
    assert demo(capsys)["user"] == {**made["user"], "password": None}
    call_command("demo")
    assert "(the password was changed)" in capsys.readouterr().out
    with tenant_scope(user.team_id):
        user.refresh_from_db()
    assert user.check_password("my own password")


def test_people_get_a_short_table(capsys):
    call_command("demo")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 14
    assert any("admin@demo.example" in line and "parley-admin-demo" in line for line in lines)
    assert any("API key of user" in line and "parley_" in line for line in lines)


def test_production_wants_to_be_told_twice(capsys, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="--i-know"):
        call_command("demo")
    assert count()[1] == 0
    assert demo(capsys, "--i-know")["team"]["slug"] == "demo"


# Its API keys


def key_of(text):
    with unsafe_all_tenants(reason="test"):
        return ApiKey.objects.select_related("user", "team").get(key_hash=hash_of_key(text))


def count_of_keys():
    with unsafe_all_tenants(reason="test"):
        return ApiKey.objects.count()


def test_its_keys_open_what_they_should(capsys, client):
    made = demo(capsys)
    own, service, other = (key_of(made[name]) for name in KEYS)
    assert (own.user.email, set(own.scopes)) == ("user@demo.example", PERSONAL_SCOPES)
    for key, slug in ((service, "demo"), (other, "other")):
        assert (key.user, key.team.slug, key.scopes) == (None, slug, ["bench", "users:sync"])
    answer = client.get("/api/auth/me", headers=with_key(made["api_key"]))
    assert answer.json()["email"] == "user@demo.example"


def test_they_are_kept_for_the_next_run_and_for_nobody_else(capsys, kept):
    made = demo(capsys)
    assert json.loads(kept.read_text()) == {name: made[name] for name in KEYS}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert demo(capsys) == made
    assert count_of_keys() == 3
    assert [path.name for path in kept.parent.iterdir() if path != kept] == [".demo.json.lock"]


def test_their_file_is_never_readable_by_others(capsys, kept, monkeypatch):
    """Whatever the umask, from the first moment on: the mode is given where the file is made."""
    modes = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda draft, file: modes.append(draft.stat().st_mode) or replace(draft, file))
    before = os.umask(0)
    try:
        demo(capsys)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(mode) for mode in modes] == [0o600]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("how", ["revoked", "expired", "gone", "narrower"])
def test_a_key_that_no_longer_works_is_replaced_and_the_others_stay(capsys, how):
    made = demo(capsys)
    key = key_of(made["api_key"])
    with tenant_scope(key.team_id):
        row = ApiKey.objects.filter(id=key.id)
        match how:
            case "revoked":
                row.update(revoked_at=timezone.now())
            case "expired":
                row.update(expires_at=timezone.now())
            case "narrower":
                row.update(scopes=["chats:read"])
            case "gone":
                row.delete()
    again = demo(capsys)
    assert again["api_key"] != made["api_key"]
    assert {**again, "api_key": made["api_key"]} == made
    assert set(key_of(again["api_key"]).scopes) == PERSONAL_SCOPES
    assert demo(capsys) == again


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"api_key": 1, "service_key": ["x"]}', '{"api_key": "x"}'])
def test_a_spoilt_file_is_made_anew(capsys, kept, text):
    kept.write_text(text)
    made = demo(capsys)
    assert json.loads(kept.read_text()) == {name: made[name] for name in KEYS}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_key_of_another_team_is_not_taken_for_ones_own(capsys, kept):
    made = demo(capsys)
    kept.write_text(json.dumps(dict.fromkeys(KEYS, made["other_service_key"])))
    again = demo(capsys)
    assert again["other_service_key"] == made["other_service_key"]
    assert [key_of(again[name]).team.slug for name in KEYS] == ["demo", "demo", "other"]


def test_production_keeps_no_key(capsys, settings, kept):
    settings.PRODUCTION = True
    first, second = demo(capsys, "--i-know"), demo(capsys, "--i-know")
    assert not list(kept.parent.iterdir())
    assert {first[name] for name in KEYS}.isdisjoint(second[name] for name in KEYS)
    assert all(key_of(one[name]).revoked_at is None for one in (first, second) for name in KEYS)


def test_keys_that_nobody_knows_do_not_pile_up(capsys, kept):
    made = []
    for _ in range(7):
        made.append(demo(capsys))
        kept.unlink()
    still_open = [[key_of(one[name]).revoked_at is None for name in KEYS] for one in made]
    assert still_open == [[False] * 3] * 2 + [[True] * 3] * 5


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_make_one_of_each():
    made = []

    def run():
        try:
            made.append(command.make_demo())
        finally:
            connection.close()

    runs = [threading.Thread(target=run) for _ in range(4)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert len(made) == 4
    assert all(one == made[0] for one in made)
    assert count_of_keys() == 3
    assert count() == (3, 6, 2)
    with unsafe_all_tenants(reason="test"):
        assert (Target.objects.count(), BenchSession.objects.count()) == (1, 1)
