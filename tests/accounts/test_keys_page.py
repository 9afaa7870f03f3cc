"""The page of one's own API keys; it needs no script."""

import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import limits
from accounts.actions.keys import MAX_KEYS
from accounts.models import PERSONAL_SCOPES, ApiKey, RateWindow
from tenants.scope import tenant_scope
from tests.factories import PASSWORD
from tests.keys import change, new_key, seen, with_key

pytestmark = pytest.mark.django_db
ONCE = re.compile(r'name="once" value="([^"]+)"')
KEY = re.compile(r"parley_[0-9A-Za-z]{65}_[0-9A-Za-z]{6}")
WANTED = {"name": "Nightly report", "expires_days": "30", "scopes": ["account:read", "chats:read"]}


@pytest.fixture
def browser(cast):
    browser = Client()
    assert browser.post("/sign-in", {"email": "owner@ours.org", "password": PASSWORD}).status_code == 302
    return browser


def keys_of(user):
    with tenant_scope(user.team_id):
        return list(ApiKey.objects.filter(user=user))


def text_of(page):
    """Return what the page says, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def test_a_key_is_made_and_shown_once(cast, browser):
    page = browser.post("/keys", WANTED)
    (text,) = set(KEY.findall(page.content.decode()))
    (key,) = keys_of(cast.owner)
    assert (key.name, key.scopes, key.allowed_networks) == ("Nightly report", ["account:read", "chats:read"], [])
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert f'curl -H "X-API-Key: {text}" http://testserver/v1/auth/me' in text_of(page)
    assert Client().get("/api/auth/me", headers=with_key(text)).json()["email"] == "owner@ours.org"
    assert not KEY.search(browser.get("/keys").content.decode())


def test_a_reloaded_page_makes_no_second_key(cast, browser):
    once = ONCE.search(browser.get("/keys").content.decode())[1]
    fresh = ONCE.search(browser.post("/keys", {**WANTED, "once": once}).content.decode())[1]
    again = browser.post("/keys", {**WANTED, "once": once})
    assert (again.status_code, again["Location"]) == (302, "/keys")
    assert "This key was made already; its text is shown only once." in text_of(browser.get("/keys"))
    assert len(keys_of(cast.owner)) == 1
    assert KEY.search(browser.post("/keys", {**WANTED, "once": fresh}).content.decode())
    assert len(keys_of(cast.owner)) == 2


def test_a_refused_form_can_be_corrected_and_sent_again(cast, browser):
    once = "a name that was given before"
    wrong = browser.post("/keys", {**WANTED, "once": once, "name": ""}).content.decode()
    assert ONCE.search(wrong)[1] == once
    refused = browser.post("/keys", {**WANTED, "once": once, "allowed_networks": "somewhere"}).content.decode()
    assert ONCE.search(refused)[1] != once
    assert KEY.search(browser.post("/keys", {**WANTED, "once": ONCE.search(refused)[1]}).content.decode())
    assert browser.post("/keys", {**WANTED, "once": "x" * 37}).status_code == 200
    assert len(keys_of(cast.owner)) == 1


def test_a_sent_form_is_remembered_for_a_day(cast):
    assert [limits.is_first_sending("form") for _ in range(2)] == [True, False]
    RateWindow.objects.update(started_at=timezone.now() - timedelta(hours=23))
    limits.is_first("somebody", seconds=60)
    assert not limits.is_first_sending("form")
    RateWindow.objects.update(started_at=timezone.now() - timedelta(hours=25))
    limits.is_first("another", seconds=60)
    assert not RateWindow.objects.filter(key__startswith=limits.FORM).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "", "scopes": []}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": [], "allowed_networks": "somewhere"}, "scopes"),
        ({"allowed_networks": "somewhere"}, "allowed_networks"),
    ],
)
def test_the_first_wrong_field_has_the_focus(browser, change, field):
    page = browser.post("/keys", {**WANTED, **change}).content.decode()
    assert {re.search(r'name="(\w+)"', tag)[1] for tag in re.findall(r"<[^>]* autofocus[^>]*>", page)} == {field}
    assert "autofocus" not in browser.get("/keys").content.decode()


def test_the_key_is_left_nowhere_else(cast, browser):
    page = browser.post("/keys", WANTED)
    text = KEY.search(page.content.decode())[0]
    assert not any(text in str(value) for value in [*page.headers.values(), *page.cookies.values()])
    assert "text" not in browser.session
    assert not any(text in str(session.get_decoded()) for session in Session.objects.all())
    assert text not in str([[getattr(key, field.attname) for field in key._meta.fields] for key in keys_of(cast.owner)])


def test_all_scopes_are_chosen_unless_one_says_else_and_the_teams_own_is_not_offered(browser):
    page = browser.get("/keys").content.decode()
    offered = re.findall(r'name="scopes" value="([^"]+)"[^>]*?( checked)?>', page)
    assert {scope for scope, _ in offered} == PERSONAL_SCOPES
    assert all(checked for _, checked in offered)
    for forbidden in ("<script>", "style=", "onclick"):
        assert forbidden not in page


@pytest.mark.parametrize(("choice", "days"), [("30", 30), ("90", 90), ("365", 365), ("", None)])
def test_it_lasts_as_long_as_chosen(cast, browser, choice, days):
    browser.post("/keys", {**WANTED, "expires_days": choice})
    (key,) = keys_of(cast.owner)
    assert (key.expires_at and round((key.expires_at - timezone.now()) / timedelta(days=1))) == days


def test_it_may_be_held_to_networks(cast, browser):
    browser.post("/keys", {**WANTED, "allowed_networks": "192.0.2.0/24, 2001:db8::/32\n203.0.113.7"})
    (key,) = keys_of(cast.owner)
    assert key.allowed_networks == ["192.0.2.0/24", "2001:db8::/32", "203.0.113.7/32"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "a\nb\x1b[2J"}, "neither line breaks nor other control characters"),
        ({"name": "a\0b"}, "Null characters are not allowed."),
        ({"expires_days": "7"}, "Select a valid choice."),
        ({"scopes": []}, "Choose at least one."),
        ({"scopes": ["users:sync"]}, "Select a valid choice."),
        ({"scopes": ["chats:read", "everything"]}, "Select a valid choice."),
        ({"allowed_networks": "somewhere"}, "Write networks like"),
        ({"allowed_networks": "192.0.2.1 " * 21}, "At most 20 networks."),
    ],
)
def test_a_bad_form_is_shown_again_with_a_sentence(cast, browser, change, sentence):
    page = browser.post("/keys", {**WANTED, **change})
    assert page.status_code == 200
    assert sentence in text_of(page)
    assert not KEY.search(page.content.decode())
    assert keys_of(cast.owner) == []


def test_nobody_has_more_keys_than_they_may(cast, browser):
    for _ in range(MAX_KEYS):
        new_key(cast.owner)
    assert "You have as many API keys as you may have." in text_of(browser.post("/keys", WANTED))
    assert len(keys_of(cast.owner)) == MAX_KEYS


def test_the_list_says_what_a_key_is_and_how_it_was_used(cast, browser):
    key, text = new_key(cast.owner, ["chats:read"], expires_days=1, allowed_networks=["192.0.2.0/24"])
    change(key, name="<b>mine</b>", last_used_at=timezone.now(), last_used_from="192.0.2.0/24")
    old, _ = new_key(cast.owner)
    change(old, expires_at=timezone.now() - timedelta(days=1), is_session_key=True)
    foreign = [new_key(owner)[0] for owner in (cast.teammate, cast.outsider, cast.team)]
    gone, _ = new_key(cast.owner)
    change(gone, revoked_at=timezone.now())
    page = browser.get("/keys")
    told = text_of(page)
    for words in (
        *("<b>mine</b>", f"{key.key_prefix}…", "Read your chats", "good only from 192.0.2.0/24"),
        *("Last used", "from 192.0.2.0/24", "Never used", "Expired", "From signing in elsewhere"),
    ):
        assert words in told
    assert "<b>mine" not in page.content.decode()
    for absent in (text, key.key_hash, gone.key_prefix, *(other.key_prefix for other in foreign)):
        assert absent not in page.content.decode()


def test_the_list_asks_as_much_for_many_keys_as_for_one(cast, browser):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert browser.get("/keys").status_code == 200
        return len(asked)

    new_key(cast.owner)
    one = queries()
    for _ in range(5):
        new_key(cast.owner)
    assert queries() == one


def test_a_key_is_revoked_after_a_question(cast, browser):
    key, text = new_key(cast.owner)
    other, _ = new_key(cast.owner)
    assert f"/keys/{key.id}/revoke" in browser.get("/keys").content.decode()
    asked = browser.get(f"/keys/{key.id}/revoke")
    assert "Revoke this key?" in text_of(asked)
    assert seen(key).revoked_at is None
    answer = browser.post(f"/keys/{key.id}/revoke")
    assert (answer.status_code, answer["Location"]) == (302, "/keys")
    assert "The key is revoked." in text_of(browser.get("/keys"))
    assert Client().get("/api/auth/me", headers=with_key(text)).status_code == 401
    assert seen(other).revoked_at is None
    assert browser.get(f"/keys/{key.id}/revoke").status_code == 404


def test_a_key_of_somebody_else_is_no_key(cast, browser):
    for key in (*(new_key(owner)[0] for owner in (cast.teammate, cast.outsider, cast.team)), ApiKey(id=uuid4())):
        assert browser.get(f"/keys/{key.id}/revoke").status_code == 404
        assert browser.post(f"/keys/{key.id}/revoke").status_code == 404
        assert key.name == "" or seen(key).revoked_at is None


def test_the_form_needs_its_token(cast, browser):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    assert strict.post("/keys", WANTED).status_code == 403
    assert keys_of(cast.owner) == []


def test_the_profile_and_the_menu_lead_there(browser):
    assert browser.get("/profile").content.decode().count('href="/keys"') == 2
    assert browser.get("/chats").content.decode().count('href="/keys"') == 1


def test_the_address_for_other_programs_is_there_to_copy(browser):
    page = browser.get("/keys").content.decode()
    assert "<code>http://testserver/v1</code>" in page
    assert "curl http://testserver/v1/chat/completions" in page
