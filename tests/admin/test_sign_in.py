"""Signing in to the administration follows the rules of every other way in."""

import pytest
from django.test import Client

from accounts.models import User
from tenants.scope import tenant_scope
from tests.admin.conftest import SignIn
from tests.conftest import Cast
from tests.factories import PASSWORD, UserFactory

LOGIN = "/admin/login/"


def try_in(client: Client, email: str, password: str = PASSWORD, **more: str):
    return client.post(LOGIN, {"email": email, "password": password, **more})


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_team_admins_and_operators_come_in(cast: Cast, who: str) -> None:
    client, user = Client(), getattr(cast, who)
    password = PASSWORD
    response = try_in(client, user.email.upper(), password)
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    page = client.get("/admin/")
    assert page.status_code == 200
    assert (b"all teams" in page.content) == (who == "operator")


@pytest.mark.parametrize("who", ["owner", "outsider"])
def test_members_are_refused_plainly_and_stay_signed_out(cast: Cast, who: str) -> None:
    client = Client()
    response = try_in(client, getattr(cast, who).email)
    assert response.status_code == 200
    assert b"for team admins and operators only" in response.content
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"


def test_a_signed_in_member_is_told_that_this_is_not_for_them(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    for page in ("/admin/", "/admin/chats/chat/", "/admin/autocomplete/", "/admin/no/such/page/"):
        assert client.get(page).status_code == 403
    assert b"who may not use the administration" in client.get(LOGIN).content


@pytest.mark.parametrize(
    ("email", "password"), [("admin@ours.org", "wrong"), ("nobody@ours.org", PASSWORD), ("admin@ours.org", " ")]
)
def test_wrong_credentials_get_one_and_the_same_sentence(cast: Cast, email: str, password: str) -> None:
    response = try_in(Client(), email, password)
    assert b"The e-mail or the password is wrong." in response.content
    assert "sessionid" not in response.cookies


def test_the_team_is_asked_for_when_it_is_needed(cast: Cast) -> None:
    UserFactory(team=cast.other_team, email="admin@ours.org", role="admin")
    client = Client()
    response = try_in(client, "admin@ours.org")
    assert b'<option value="theirs">' in response.content
    assert try_in(client, "admin@ours.org", team="theirs").status_code == 302
    assert cast.other_team.name.encode() in client.get("/admin/").content


def test_the_limit_counts_tries_here_too(cast: Cast, settings) -> None:
    settings.LOGIN_RATE_PER_MINUTE = 2
    client = Client()
    assert [try_in(client, "admin@ours.org", "wrong").status_code for _ in range(2)] == [200, 200]
    refused = try_in(client, "admin@ours.org")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("wanted", "target"),
    [("/admin/chats/chat/", "/admin/chats/chat/"), ("https://evil.example/", "/admin/"), ("//evil.example", "/admin/")],
)
def test_it_leads_on_within_the_house_only(cast: Cast, wanted: str, target: str) -> None:
    assert try_in(Client(), "admin@ours.org", next=wanted)["Location"] == target


def test_a_login_sent_by_another_site_is_refused(cast: Cast) -> None:
    client = Client(headers={"origin": "https://evil.example"})
    assert try_in(client, "admin@ours.org").status_code == 403


def test_signing_out_ends_it(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    assert client.post("/admin/logout/").status_code == 302
    assert client.get("/admin/").status_code == 302


def test_a_token_cookie_of_somebody_else_is_dropped(cast: Cast) -> None:
    client = Client()
    client.cookies["access_token"] = "of somebody else"
    assert try_in(client, "admin@ours.org").cookies["access_token"].value == ""


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "user"}])
def test_what_is_done_to_an_account_counts_at_its_next_request(cast: Cast, sits: SignIn, change: dict) -> None:
    client = sits(cast.admin)
    assert client.get("/admin/").status_code == 200
    with tenant_scope(cast.team.id):
        User.objects.filter(id=cast.admin.id).update(**change)
    assert client.get("/admin/").status_code == (302 if "is_active" in change else 403)


def test_a_forgotten_password_can_be_reset(client: Client, cast: Cast) -> None:
    assert b'href="/reset-password"' in client.get(LOGIN).content
