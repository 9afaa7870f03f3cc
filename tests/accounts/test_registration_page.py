"""The page of registration: a form where the team is open, and everywhere else one and the same refusal."""

import re

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from tenants.scope import tenant_scope
from tests.factories import TeamFactory, UserFactory

PERSON = {"full_name": "New Person", "email": "New@Ours.org", "password": "a long enough password"}


@pytest.fixture
def browser(cast):
    return Client()


def people_of(team):
    with tenant_scope(team.id):
        return list(User.objects.values_list("email", "role", "tier_id"))


def test_an_open_team_takes_who_comes(browser):
    team = TeamFactory(slug="open", settings={"registration": "open", "default_tier": "free"})
    page = browser.get("/register/open")
    assert f"Join {team.name}" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    answer = browser.post("/register/open", {**PERSON, "role": "admin", "email_": "x"}, follow=True)
    assert f"Welcome to {team.name}." in answer.content.decode()
    assert people_of(team) == [("new@ours.org", "user", "free")]
    assert browser.get("/api/auth/me").json()["email"] == "new@ours.org"
    with tenant_scope(team.id):
        [entry] = AuditEntry.objects.filter(action="person.joined")
    assert (entry.actor_name, entry.address, entry.details) == ("new@ours.org", "127.0.0.1", {"role": "user"})


def test_a_team_of_domains_takes_their_addresses_only(browser):
    team = TeamFactory(slug="domains", settings={"registration": "domains", "email_domains": ["ours.org"]})
    refused = browser.post("/register/domains", {**PERSON, "email": "new@ours.org.evil.example"})
    assert (refused.status_code, "of its own domains only" in refused.content.decode()) == (403, True)
    assert people_of(team) == []
    assert browser.post("/register/domains", PERSON).status_code == 302


def test_a_closed_team_an_unknown_one_and_a_shut_one_look_the_same(browser):
    TeamFactory(slug="shut", is_active=False, settings={"registration": "open"})
    TeamFactory(slug="invite", settings={"registration": "invite"})
    answers = [
        ask(f"/register/{slug}", **body)
        for slug in ("ours", "invite", "shut", "unknown")
        for ask, body in ((browser.get, {}), (browser.post, {"data": PERSON}))
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(403, answers[0].content)}
    assert "by invitation only" in answers[0].content.decode()


def test_who_is_signed_in_is_led_back_to_their_chats(cast, browser, sits):
    for path in ("/register/ours", "/join/no-token", "/reset-password"):
        page, strangers = sits(cast.owner).get(path).content.decode(), browser.get(path).content.decode()
        assert ("To your chats" in page, "To your chats" in strangers) == (True, False)
        assert ('href="/sign-in"' in page, 'href="/sign-in"' in strangers) == (False, True)


def test_the_first_wrong_field_has_the_focus(browser):
    TeamFactory(slug="open", settings={"registration": "open"})
    for path, wrong, field in (
        ("/register/open", {"password": "short"}, "password"),
        ("/register/open", {"email": "nonsense", "password": "short"}, "email"),
        ("/reset-password", {"email": "nonsense"}, "email"),
    ):
        page = browser.post(path, {**PERSON, **wrong}).content.decode()
        assert [re.search(r'name="(\w+)"', tag)[1] for tag in re.findall(r"<[^>]* autofocus[^>]*>", page)] == [field]


def test_a_taken_e_mail_and_a_full_team_are_said_in_the_form(browser):
    team = TeamFactory(slug="open", settings={"registration": "open", "max_users": 2})
    UserFactory(team=team, email="new@ours.org")
    taken = browser.post("/register/open", PERSON)
    assert (taken.status_code, "already uses this e-mail" in taken.content.decode()) == (409, True)
    UserFactory(team=team)
    full = browser.post("/register/open", {**PERSON, "email": "other@ours.org"})
    assert (full.status_code, "as many people as it may have" in full.content.decode()) == (403, True)
    assert len(people_of(team)) == 2


@pytest.mark.parametrize("wrong", [{"password": "short"}, {"email": "x"}, {"full_name": "a\x00b"}, {"email": ""}])
def test_bad_input_is_shown_again(browser, wrong):
    team = TeamFactory(slug="open", settings={"registration": "open"})
    page = browser.post("/register/open", {**PERSON, **wrong})
    assert (page.status_code, "errorlist" in page.content.decode()) == (200, True)
    assert PERSON["password"] not in page.content.decode()
    assert people_of(team) == []


def test_the_page_and_the_api_count_together(browser, api, settings):
    settings.REGISTER_RATE_PER_HOUR = 2
    team = TeamFactory(slug="open", settings={"registration": "open"})
    body = {**PERSON, "email": "first@ours.org", "team_id": str(team.id)}
    assert api.send("/api/auth/register", body).status_code == 201
    assert browser.post("/register/open", PERSON).status_code == 302
    assert api.send("/api/auth/register", {**body, "email": "third@ours.org"}).status_code == 429
    page = Client().post("/register/open", {**PERSON, "email": "fourth@ours.org"})
    assert (page.status_code, 3000 < int(page["Retry-After"]) <= 3600) == (429, True)
    assert len(people_of(team)) == 2
    elsewhere = Client(REMOTE_ADDR="192.0.2.9").post("/register/open", {**PERSON, "email": "fifth@ours.org"})
    assert elsewhere.status_code == 302


def test_no_page_leads_there(cast, sits):
    for page in ("/sign-in", "/reset-password"):
        assert "/register" not in Client().get(page).content.decode()
