"""Signing in and out over HTTP."""

from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.hashers import Argon2idHasher
from accounts.models import RefreshSession, User
from tenants.scope import tenant_scope
from tests.accounts.conftest import ApiClient
from tests.factories import PASSWORD, TeamFactory, UserFactory

pytestmark = pytest.mark.usefixtures("generous")


def test_login_sets_two_cookies(cast, api, settings):
    settings.SECURE_COOKIES = True
    answer = api.login()
    assert (answer.status_code, answer.json()) == (200, {"message": "Login successful"})
    for name, path in (("access_token", "/"), ("refresh_token", "/api/auth")):
        cookie = answer.cookies[name]
        assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["secure"]) == (path, True, "Lax", True)
        assert cookie["max-age"] > 0
    with tenant_scope(cast.team.id):
        assert timezone.now() >= User.objects.get(id=cast.owner.id).last_login > cast.owner.created_at


def test_cookies_are_not_secure_where_the_settings_say_so(cast, api, settings):
    settings.SECURE_COOKIES = False
    assert not api.login().cookies["access_token"]["secure"]


def test_the_access_token_counts_as_cookie_and_as_bearer(cast, api):
    token = api.login().cookies["access_token"].value
    assert api.get("/api/auth/me").json()["email"] == "owner@ours.org"
    bearer = ApiClient(headers={"authorization": f"Bearer {token}"})
    assert bearer.get("/api/auth/me").json()["email"] == "owner@ours.org"


@pytest.mark.parametrize(
    "changes",
    [{"password": "wrong"}, {"email": "nobody@ours.org"}, {"team": "theirs"}, {"team": "no-such-team"}],
)
def test_wrong_credentials_are_401_and_all_alike(cast, api, changes):
    answer = api.login(**{"email": "owner@ours.org", "password": PASSWORD, **changes})
    assert answer.status_code == 401
    assert answer.json() == {
        "detail": "The e-mail or the password is wrong.",
        "error_code": "BAD_CREDENTIALS",
    }
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert not answer.cookies


def test_inactive_people_and_teams_are_like_unknown_ones(cast, api):
    with tenant_scope(cast.team.id):
        User.objects.filter(id=cast.owner.id).update(is_active=False)
    assert api.login().json()["error_code"] == "BAD_CREDENTIALS"
    cast.other_team.is_active = False
    cast.other_team.save()
    assert api.login("outsider@theirs.org").json()["error_code"] == "BAD_CREDENTIALS"
    assert api.login("outsider@theirs.org", team="theirs").json()["error_code"] == "BAD_CREDENTIALS"


@pytest.mark.parametrize("team", [{}, {"team": "ours"}, {"team": "no-such-team"}])
def test_every_failure_costs_the_same_number_of_hashes(cast, api, team):
    """Unknown, inactive, password-less, wrong, and with an account in two teams."""
    for email in ("inactive@ours.org", "bare@ours.org", "twice@ours.org"):
        UserFactory(team=cast.team, email=email, is_active=email != "inactive@ours.org")
    UserFactory(team=cast.other_team, email="twice@ours.org")
    with tenant_scope(cast.team.id):
        User.objects.filter(email="bare@ours.org").update(password=make_password(None))
    costs = set()
    for email in ("nobody@ours.org", "owner@ours.org", "inactive@ours.org", "bare@ours.org", "twice@ours.org"):
        with (
            patch.object(Argon2idHasher, "encode", autospec=True, side_effect=Argon2idHasher.encode) as encode,
            patch.object(Argon2idHasher, "verify", autospec=True, side_effect=Argon2idHasher.verify) as verify,
        ):
            assert api.login(email, "wrong", **team).status_code == 401
        costs.add(encode.call_count + verify.call_count)
    assert costs == {1 if team else 2}


def test_an_outdated_hash_is_stored_anew(cast, api):
    with tenant_scope(cast.team.id):
        User.objects.filter(id=cast.owner.id).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    assert api.login().status_code == 200
    with tenant_scope(cast.team.id):
        assert User.objects.get(id=cast.owner.id).password.startswith("argon2")


class TestSeveralTeams:
    @pytest.fixture(autouse=True)
    def twins(self, cast):
        UserFactory(team=cast.other_team, email="owner@ours.org")
        third = TeamFactory(slug="third")
        UserFactory(team=third, email="owner@ours.org", password="another long password")

    def test_the_team_is_asked_for_after_the_password_was_proved(self, cast, api):
        answer = api.login()
        assert (answer.status_code, answer.json()["error_code"]) == (409, "TEAM_REQUIRED")
        expected = sorted((team.name, team.slug) for team in (cast.team, cast.other_team))
        assert [(team["name"], team["slug"]) for team in answer.json()["teams"]] == expected
        assert not answer.cookies

    def test_a_wrong_password_names_no_team(self, api):
        assert api.login(password="wrong").json()["error_code"] == "BAD_CREDENTIALS"

    def test_a_password_of_one_team_needs_no_team(self, api):
        assert api.login(password="another long password").status_code == 200

    @pytest.mark.parametrize("by", ["id", "slug"])
    def test_the_named_team_is_signed_in_to(self, cast, api, by):
        assert api.login(team=str(getattr(cast.other_team, by))).status_code == 200
        assert api.get("/api/auth/me").json()["team_id"] == str(cast.other_team.id)

    def test_null_and_an_empty_text_name_no_team(self, api):
        assert [api.login(team=team).status_code for team in (None, "")] == [409, 409]


class TestLogout:
    def sessions(self, cast) -> int:
        with tenant_scope(cast.team.id):
            return RefreshSession.objects.filter(revoked_at=None).count()

    def assert_signed_out(self, answer):
        assert answer.status_code == 200
        assert list(answer.json()) == ["message"]
        assert {"access_token", "refresh_token"} <= set(answer.cookies)
        assert {cookie.value for cookie in answer.cookies.values()} == {""}

    def test_it_ends_the_session(self, cast, api):
        access = api.login().cookies["access_token"].value
        self.assert_signed_out(api.send("/api/auth/logout"))
        assert self.sessions(cast) == 0
        assert api.send("/api/auth/refresh").status_code == 401
        assert ApiClient(headers={"authorization": f"Bearer {access}"}).get("/api/auth/me").status_code == 401

    def test_the_refresh_cookie_is_enough(self, cast, api):
        api.login()
        del api.cookies["access_token"]
        self.assert_signed_out(api.send("/api/auth/logout"))
        assert self.sessions(cast) == 0

    def test_a_bearer_token_is_enough(self, cast, client_of):
        self.assert_signed_out(client_of(cast.owner).post("/api/auth/logout"))
        assert self.sessions(cast) == 0

    def test_nothing_is_enough(self, cast, api):
        self.assert_signed_out(api.send("/api/auth/logout"))

    def test_bad_tokens_do_no_harm(self, cast, api):
        api.cookies["refresh_token"] = "nonsense"
        self.assert_signed_out(api.send("/api/auth/logout", headers={"authorization": "Bearer nonsense"}))

    def test_the_ids_of_a_session_without_its_secret_end_nothing(self, cast, api):
        token = ApiClient().login().cookies["refresh_token"].value
        api.cookies["refresh_token"] = f"{token.rpartition('.')[0]}.{'0' * 64}"
        self.assert_signed_out(api.send("/api/auth/logout"))
        assert self.sessions(cast) == 1

    def test_a_page_session_ends_too(self, cast, api):
        api.post("/sign-in", {"email": "owner@ours.org", "password": PASSWORD})
        assert api.get("/api/auth/me").status_code == 200
        self.assert_signed_out(api.send("/api/auth/logout"))
        assert api.get("/api/auth/me").status_code == 401


def test_login_ends_the_page_session_of_somebody_else(cast, api):
    api.post("/sign-in", {"email": "admin@ours.org", "password": PASSWORD})
    api.login()
    del api.cookies["access_token"]
    assert api.get("/api/auth/me").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver:8080"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("call", ["login", "logout", "refresh", "register"])
def test_another_site_cannot_send(cast, api, headers, call):
    answer = api.send(f"/api/auth/{call}", {"email": "owner@ours.org", "password": PASSWORD}, headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "CROSS_ORIGIN")
    assert not answer.cookies


@pytest.mark.parametrize("headers", [{}, {"origin": "http://testserver"}, {"sec-fetch-site": "same-origin"}])
def test_our_own_pages_and_programs_can(cast, api, headers):
    assert (
        api.send("/api/auth/login", {"email": "owner@ours.org", "password": PASSWORD}, headers=headers).status_code
        == 200
    )


@pytest.mark.parametrize("call", ["register", "login", "logout", "refresh"])
def test_other_methods_are_405(db, api, call):
    answer = api.get(f"/api/auth/{call}")
    assert (answer.status_code, answer.json()["error_code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in answer["Allow"]
