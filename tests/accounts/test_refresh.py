"""Rotating refresh tokens: one successor, and no life after a theft."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import clients, people, signing_in
from accounts.exceptions import BadCredentials
from accounts.models import AuditEntry, RefreshSession, User
from accounts.tokens import RefreshToken
from tenants.scope import tenant_scope
from tests.accounts.conftest import ApiClient
from tests.accounts.parallel import at_once
from tests.factories import PASSWORD


@pytest.fixture
def token(cast, api) -> str:
    return api.login().cookies["refresh_token"].value


def refresh(token: str):
    client = ApiClient()
    client.cookies["refresh_token"] = token
    return client.send("/api/auth/refresh")


def successor(answer) -> str:
    assert answer.status_code == 200
    return answer.cookies["refresh_token"].value


def age_rotation(cast, **age) -> None:
    with tenant_scope(cast.team.id):
        RefreshSession.objects.update(rotated_at=timezone.now() - timedelta(**age))


def test_both_cookies_are_rotated(cast, token):
    answer = refresh(token)
    assert list(answer.json()) == ["message"]
    assert successor(answer) != token
    client = ApiClient(headers={"authorization": f"Bearer {answer.cookies['access_token'].value}"})
    assert client.get("/api/auth/me").json()["email"] == "owner@ours.org"


def test_the_database_holds_no_token(cast, token):
    refresh(token)
    with tenant_scope(cast.team.id):
        row = RefreshSession.objects.values().get()
    assert not any(RefreshToken.parse(token).secret in str(value) for value in row.values())


def test_the_parent_gets_the_same_successor_for_a_while(cast, token):
    first = successor(refresh(token))
    assert successor(refresh(token)) == first
    assert refresh(first).status_code == 200


def test_the_parent_is_too_old_after_the_grace(cast, token):
    current = successor(refresh(token))
    age_rotation(cast, seconds=11)
    assert refresh(token).status_code == 401
    assert refresh(current).status_code == 401


def test_a_replayed_older_token_ends_the_family(cast, token):
    access = (second := refresh(token)).cookies["access_token"].value
    third = successor(refresh(successor(second)))
    replay = refresh(token)
    assert (replay.status_code, replay.json()["error_code"]) == (401, "BAD_TOKEN")
    assert replay["WWW-Authenticate"]
    assert refresh(third).status_code == 401
    assert ApiClient(headers={"authorization": f"Bearer {access}"}).get("/api/auth/me").status_code == 401


def test_an_old_token_is_401_also_when_another_ended_the_session_at_that_moment(cast, token, monkeypatch):
    successor(refresh(successor(refresh(token))))
    is_recent_parent = clients._is_recent_parent

    def meanwhile(session, presented):
        RefreshSession.objects.filter(id=session.id).update(revoked_at=timezone.now())
        return is_recent_parent(session, presented)

    monkeypatch.setattr(clients, "_is_recent_parent", meanwhile)
    assert refresh(token).status_code == 401


def test_another_session_of_the_same_person_lives_on(cast, token):
    other = ApiClient()
    other.login()
    refresh(successor(refresh(token)))
    assert refresh(token).status_code == 401
    assert other.get("/api/auth/me").status_code == 200


@pytest.mark.parametrize("bad", ["", "nonsense", "a.b.c", "é.ü.ö", "0" * 5000])
def test_a_bad_token_is_401(db, bad):
    assert refresh(bad).status_code == 401


def test_no_token_is_401(db, api):
    assert api.send("/api/auth/refresh").json()["error_code"] == "BAD_TOKEN"


def test_a_session_moved_to_another_team_is_not_found(cast, token):
    parsed = RefreshToken.parse(token)
    forged = RefreshToken(cast.other_team.id, parsed.session_id, parsed.secret)
    assert refresh(str(forged)).status_code == 401
    assert refresh(token).status_code == 200


def test_an_expired_session_is_401(cast, token):
    with tenant_scope(cast.team.id):
        RefreshSession.objects.update(expires_at=timezone.now())
    assert refresh(token).status_code == 401


def test_a_new_password_ends_every_session(cast, token, api):
    with tenant_scope(cast.team.id):
        people.change_password(user=cast.owner, password="another long password")
    assert refresh(token).status_code == 401
    assert api.get("/api/auth/me").status_code == 401


def test_deactivated_people_are_out_at_the_next_request(cast, token, api):
    assert api.get("/api/auth/me").status_code == 200
    with tenant_scope(cast.team.id):
        User.objects.filter(id=cast.owner.id).update(is_active=False)
    assert api.get("/api/auth/me").status_code == 401
    assert refresh(token).status_code == 401


def test_a_closed_team_is_out_at_the_next_request(cast, token, api):
    cast.team.is_active = False
    cast.team.save()
    assert api.get("/api/auth/me").status_code == 401
    assert refresh(token).status_code == 401


def test_a_new_role_counts_at_the_next_request(cast, token, api):
    assert api.get("/api/auth/me").json()["role"] == "user"
    with tenant_scope(cast.team.id):
        User.objects.filter(id=cast.owner.id).update(role="admin")
    assert api.get("/api/auth/me").json()["role"] == "admin"


@pytest.mark.django_db(transaction=True)
def test_of_8_refreshes_at_once_all_get_the_same_successor(cast, token):
    successors = {successor(answer) for answer in at_once(8, lambda number: refresh(token))}
    assert len(successors) == 1
    with tenant_scope(cast.team.id):
        session = RefreshSession.objects.get()
    (current,) = successors
    assert session.token_hash == RefreshToken.parse(current).hash
    assert refresh(current).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_without_grace_one_of_8_wins_and_the_session_ends(cast, token, settings):
    settings.REFRESH_GRACE_SECONDS = 0
    answers = at_once(8, lambda number: refresh(token).status_code)
    assert answers.count(200) == 1
    with tenant_scope(cast.team.id):
        assert RefreshSession.objects.get().revoked_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_that_a_new_password_overtakes_opens_nothing(cast):
    proved = signing_in.prove_password(email=cast.owner.email, password=PASSWORD, team=None, address=None)
    with tenant_scope(cast.team.id):
        people.change_password(user=cast.owner, password="quite another password")
    with pytest.raises(BadCredentials):
        clients.open_refresh_session(user=proved, user_agent="slow")
    with tenant_scope(cast.team.id):
        assert not RefreshSession.objects.filter(revoked_at=None).exists()
        assert not AuditEntry.objects.filter(action="auth.signed_in").exists()


@pytest.mark.django_db(transaction=True)
def test_no_session_of_the_old_password_outlives_its_change(cast):
    """The old password is proved four times while it is changed; whoever got in is out afterwards."""
    proved = [
        signing_in.prove_password(email=cast.owner.email, password=PASSWORD, team=None, address=None) for _ in range(4)
    ]

    def work(number):
        if number == 0:
            with tenant_scope(cast.team.id):
                return people.change_password(user=cast.owner, password="quite another password")
        with suppress(BadCredentials):
            clients.open_refresh_session(user=proved[number - 1], user_agent="old")
        return None

    at_once(5, work)
    with tenant_scope(cast.team.id):
        assert not RefreshSession.objects.filter(revoked_at=None).exists()
