"""`manage.py demo`: what it makes, what it leaves alone, what it prints."""

import json
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from agents.models import Agent
from config.management.commands import demo as command
from tenants.models import Team
from tenants.scope import tenant_scope, unsafe_all_tenants

pytestmark = pytest.mark.django_db

NAMES = {
    *("base_url", "team", "other_team", "admin", "user", "teammate", "outsider", "other_admin", "operator"),
    *("agent", "other_agent"),
}


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
    assert len(queries) <= 11
    assert not any(query["sql"].startswith(("INSERT", "UPDATE")) for query in queries)


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
    assert len(lines) < 12
    assert any("admin@demo.example" in line and "parley-admin-demo" in line for line in lines)


def test_production_wants_to_be_told_twice(capsys, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="--i-know"):
        call_command("demo")
    assert count()[1] == 0
    assert demo(capsys, "--i-know")["team"]["slug"] == "demo"


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
    assert count() == (3, 6, 2)
