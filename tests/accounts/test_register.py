"""Registering: only where the team's settings allow it, and never beyond its seats."""

import pytest

from accounts.exceptions import TeamFull
from accounts.models import User
from tenants.models import Team
from tenants.scope import tenant_scope
from tests.accounts.conftest import ApiClient
from tests.accounts.parallel import at_once
from tests.factories import TeamFactory, UserFactory

GOOD = "a long enough password"


def open_team(**settings) -> Team:
    return TeamFactory(slug="open", settings={"registration": "open", **settings})


def register(api: ApiClient, team_id, email="New.Person@Example.org", **more):
    body = {"email": email, "password": GOOD, "full_name": "New Person", "team_id": str(team_id), **more}
    return api.send("/api/auth/register", body)


def test_registering_answers_the_user(db, api):
    team = open_team()
    answer = register(api, team.id)
    assert answer.status_code == 201
    with tenant_scope(team.id):
        user = User.objects.get()
    assert answer.json() == {
        "id": str(user.id),
        "team_id": str(team.id),
        "email": "new.person@example.org",
        "full_name": "New Person",
        "role": "user",
        "avatar": None,
        "preferences": {},
        "is_active": True,
        "last_login_at": None,
        "created_at": user.created_at.isoformat().replace("+00:00", "Z"),
    }
    assert api.login("NEW.person@example.org", GOOD).status_code == 200


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 403),
        ({"registration": "invite"}, 403),
        ({"registration": "nonsense"}, 403),
        ({"registration": "domains", "email_domains": ["ours.org"]}, 403),
        ({"registration": "domains"}, 403),
        ({"registration": "domains", "email_domains": ["Example.ORG"]}, 201),
        ({"registration": "open"}, 201),
        ({"registration": "open", "max_users": 0}, 403),
    ],
)
def test_the_teams_settings_decide(db, api, settings, status):
    team = TeamFactory(settings=settings)
    answer = register(api, team.id)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error_code"] in {"REGISTRATION_CLOSED", "TEAM_FULL"}


def test_an_unknown_or_closed_down_team_is_404(db, api):
    closed = TeamFactory(settings={"registration": "open"}, is_active=False)
    unknown = register(api, "00000000-0000-4000-8000-000000000000")
    assert (unknown.status_code, unknown.json()) == (404, register(api, closed.id).json())
    assert unknown.json()["error_code"] == "TEAM_NOT_FOUND"


def test_a_taken_email_is_409_in_that_team_only(db, api):
    team, other = open_team(), TeamFactory(settings={"registration": "open"})
    UserFactory(team=team, email="new.person@example.org")
    taken = register(api, team.id)
    assert (taken.status_code, taken.json()["error_code"]) == (409, "EMAIL_TAKEN")
    assert register(api, other.id).status_code == 201


@pytest.mark.parametrize("password", ["short", "password123", "", "x" * 1025])
def test_a_bad_password_is_400(db, api, password):
    answer = register(api, open_team().id, password=password)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["password"]


def test_nobody_registers_with_a_role_or_as_operator(db, api):
    team = open_team()
    assert register(api, team.id, role="admin", is_superuser=True, is_active=False).json()["role"] == "user"
    with tenant_scope(team.id):
        assert not User.objects.get().is_staff


@pytest.mark.django_db(transaction=True)
def test_of_8_at_once_only_as_many_get_in_as_there_are_seats():
    team = open_team(max_users=3)
    UserFactory(team=team, is_active=False)
    answers = at_once(8, lambda number: register(ApiClient(), team.id, email=f"person{number}@x.org"))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [403] * 5
    assert {answer.json()["error_code"] for answer in answers if answer.status_code == 403} == {TeamFull.code}


@pytest.mark.django_db(transaction=True)
def test_of_8_at_once_with_one_email_one_gets_in():
    team = open_team()
    answers = at_once(8, lambda number: register(ApiClient(), team.id).status_code)
    assert sorted(answers) == [201] + [409] * 7
