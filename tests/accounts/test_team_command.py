"""`manage.py team create`."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from accounts.actions import people
from accounts.management.tables import NO_TABLES
from tenants.models import Team
from tests.servers import ROOT

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> None:
    call_command("team", "create", "--name", "New", "--slug", "new", *arguments)


def test_it_opens_a_team_by_invitation():
    create()
    team = Team.objects.get(slug="new")
    assert (team.name, team.settings, team.is_active) == ("New", {"registration": "invite"}, True)


def test_it_prints_the_team_for_programs(capsys):
    create("--registration", "domains", "--domains", "A.org, @b.org", "--max-users", "3", "--json")
    team = Team.objects.get(slug="new")
    assert json.loads(capsys.readouterr().out) == {
        "id": str(team.id),
        "name": "New",
        "slug": "new",
        "settings": {"registration": "domains", "email_domains": ["a.org", "b.org"], "max_users": 3},
        "is_active": True,
    }
    assert (team.email_domains, team.max_users) == (["a.org", "b.org"], 3)


def test_domains_alone_mean_registration_by_domain():
    create("--domains", "a.org")
    assert Team.objects.get(slug="new").registration == "domains"


def test_people_who_join_begin_with_the_teams_tier():
    create("--tier", "free")
    team = Team.objects.get(slug="new")
    assert team.settings == {"registration": "invite", "default_tier": "free"}
    assert people.new_person(team=team, email="new@new.org", password=None).tier_id == "free"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--registration", "domains"],
        ["--registration", "open", "--domains", "a.org"],
        ["--registration", "everybody"],
        ["--max-users", "0"],
        ["--max-users", "many"],
        ["--slug", "not a slug"],
        ["--slug", "taken"],
        ["--name", ""],
        ["--tier", "gold"],
        ["--tier", ""],
    ],
)
def test_it_refuses_with_a_sentence(arguments):
    Team.objects.create(name="Taken", slug="taken")
    with pytest.raises(CommandError):
        create(*arguments)
    assert Team.objects.count() == 1


@pytest.mark.parametrize("domains", ["nonsense domain", "a.org, b", "a.org,b..org", "me@a.org", "\0.org"])
def test_what_is_no_domain_is_refused(domains):
    wrong = domains.split(",")[-1].strip()
    with pytest.raises(CommandError, match=re.escape(f"{wrong!r} is no domain")):
        create("--domains", domains)
    assert not Team.objects.filter(slug="new").exists()


@pytest.mark.parametrize("command", [["demo"], ["team", "create", "--name", "New", "--slug", "new"], ["tier", "list"]])
def test_a_database_without_tables_is_one_sentence(tmp_path, command):
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    line = [sys.executable, "manage.py", *command]
    done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"CommandError: {NO_TABLES}\n")
