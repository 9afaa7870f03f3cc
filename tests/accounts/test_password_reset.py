"""Resetting a password: a mailed link does it once; nobody learns from the page which e-mails have accounts."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail as django_mail
from django.test import Client

from accounts import mail
from accounts.links import ResetToken
from accounts.models import AuditEntry, User
from tenants.scope import tenant_scope
from tests.accounts.browser import Browser
from tests.accounts.conftest import stored
from tests.accounts.parallel import at_once
from tests.factories import PASSWORD, UserFactory

NEW = "another long password"
pytestmark = pytest.mark.usefixtures("generous")


@pytest.fixture
def browser(cast) -> Client:
    return Client()


def ask(browser: Client, email: str = "owner@ours.org", **more):
    return browser.post("/reset-password", {"email": email}, **more)


def links(message) -> list[str]:
    return re.findall(r"^\S+(/reset-password/\S+)$", message.body, re.MULTILINE)


def page_of(link: str) -> str:
    """Return the address of the form that a link leads to."""
    return link.rpartition("/")[0]


def choose(browser: Client, link: str, password: str = NEW, repeated: str | None = None):
    return browser.post(page_of(link), {"password": password, "repeated": repeated or password})


def reset(link: str, password: str = NEW):
    browser = Client()
    browser.get(link)
    return choose(browser, link, password)


class TestAsking:
    def test_the_sign_in_page_leads_there(self, browser):
        assert 'href="/reset-password"' in browser.get("/sign-in").content.decode()
        assert browser.get("/reset-password").status_code == 200

    def test_a_link_for_each_account_of_the_e_mail_is_sent(self, cast, browser, outbox, settings):
        UserFactory(team=cast.other_team, email="owner@ours.org")
        ask(browser, " Owner@OURS.org ")
        [message] = outbox
        assert message.to == ["owner@ours.org"]
        assert len(links(message)) == 2
        assert {cast.team.name in message.body, cast.other_team.name in message.body} == {True}
        assert message.body.count(f"{settings.BASE_URL}/reset-password/") == 2
        for user in (cast.owner, cast.teammate):
            assert (user.full_name in message.body) is False

    def test_no_answer_tells_whether_there_is_an_account(self, cast, browser, outbox):
        UserFactory(team=cast.team, email="idle@ours.org", is_active=False)
        emails = ["owner@ours.org", "nobody@ours.org", "idle@ours.org"]
        answers = [ask(browser, email) for email in emails]
        assert len({(answer.status_code, answer.content, str(answer.cookies)) for answer in answers}) == 1
        assert [message.to for message in outbox] == [["owner@ours.org"]]

    def test_a_closed_teams_people_get_no_mail(self, cast, browser, outbox):
        cast.team.is_active = False
        cast.team.save()
        ask(browser)
        assert outbox == []

    @pytest.mark.parametrize(
        "headers", [{"host": "evil.example"}, {"x-forwarded-host": "evil.example"}, {"host": "parley.test:99"}]
    )
    def test_no_header_gets_into_the_link(self, cast, browser, outbox, settings, headers):
        settings.ALLOWED_HOSTS, settings.BASE_URL = ["*"], "https://parley.test"
        ask(browser, headers=headers)
        assert re.findall(r"https?://[^/\s]+", outbox[0].body) == ["https://parley.test"]
        assert "evil" not in outbox[0].message().as_string()

    @pytest.mark.parametrize("email", ["", "x", "a\x00@b.org", "a@b.org\nBcc: c@d.org", "x" * 300 + "@ours.org"])
    def test_what_is_no_e_mail_is_shown_again(self, browser, outbox, email):
        page = ask(browser, email)
        assert (page.status_code, "errorlist" in page.content.decode(), outbox) == (200, True, [])

    def test_an_account_gets_five_mails_an_hour_whatever_the_address(self, cast, browser, outbox):
        for email in ("owner@ours.org", "nobody@ours.org"):
            answers = [ask(browser, email, REMOTE_ADDR=f"192.0.2.{number}").status_code for number in range(7)]
            assert answers == [200] * 5 + [429] * 2
        assert len(outbox) == 5

    def test_an_address_asks_twenty_times_an_hour(self, cast, browser, outbox):
        answers = [ask(browser, f"person{number}@x.org") for number in range(21)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        assert 3000 < int(answers[-1]["Retry-After"]) <= 3600

    def test_a_mail_server_that_fails_is_not_shown(self, cast, browser, outbox, monkeypatch, caplog):
        good = ask(browser, "nobody@ours.org").content

        def fail(*args, **kwargs):
            raise OSError("no mail server")

        monkeypatch.setattr(mail.EmailMessage, "send", fail)
        assert ask(browser).content == good
        assert "A mail could not be sent." in caplog.text

    @pytest.mark.django_db(transaction=True)
    def test_nothing_about_the_account_is_done_while_the_page_waits(self, cast, browser, monkeypatch):
        django_mail.outbox, work = [], []
        monkeypatch.setattr(mail, "_post_room", type("Later", (), {"submit": lambda _, *call: work.append(call)})())
        assert ask(browser).status_code == 200
        with tenant_scope(cast.team.id):
            assert not AuditEntry.objects.exists()
        with ThreadPoolExecutor(1) as room:
            [[run, *rest]] = work
            room.submit(run, *rest).result()
        assert [message.to for message in django_mail.outbox] == [["owner@ours.org"]]
        with tenant_scope(cast.team.id):
            [entry] = AuditEntry.objects.all()
        assert (entry.action, entry.actor_kind, entry.address) == ("password.reset_asked", "nobody", "127.0.0.1")


class TestChoosing:
    @pytest.fixture
    def link(self, cast, browser, outbox) -> str:
        ask(browser)
        return links(outbox[0])[0]

    def test_a_new_password_ends_every_session(self, cast, browser, outbox, sits, client_of):
        page, api = sits(cast.owner), client_of(cast.owner)
        ask(browser)
        link = links(outbox[0])[0]
        form = browser.get(link, follow=True)
        assert form.redirect_chain == [(page_of(link), 302)]
        assert f"owner@ours.org in the team {cast.team.name}" in form.content.decode()
        answer = choose(browser, link)
        assert (answer.status_code, answer["Location"]) == (302, "/sign-in")
        assert "Your password is changed." in browser.get("/sign-in").content.decode()
        assert (page.get("/profile").status_code, api.get("/api/auth/me").status_code) == (302, 401)
        assert (stored(cast.owner).check_password(NEW), stored(cast.owner).check_password(PASSWORD)) == (True, False)
        with tenant_scope(cast.team.id):
            done = list(
                AuditEntry.objects.filter(action__startswith="password")
                .order_by("at")
                .values_list("action", "object_id")
            )
        assert done == [(name, str(cast.owner.id)) for name in ("password.reset_asked", "password.reset")]

    def test_it_works_once(self, cast, browser, link):
        two = [Client(), Client()]
        for each in two:
            each.get(link)
        assert [choose(each, link).status_code for each in two] == [302, 403]
        assert reset(link, "a third long password").status_code == 403
        assert stored(cast.owner).check_password(NEW)

    def test_of_two_links_open_in_one_browser_each_form_changes_its_own(self, cast, outbox):
        twin, browser = UserFactory(team=cast.other_team, email="owner@ours.org"), Browser()
        ask(browser)
        both = links(outbox[0])
        pages = [browser.get(link, follow=True).content.decode() for link in both]
        owners = [next(user for user in (cast.owner, twin) if f"in the team {user.team}." in page) for page in pages]
        assert set(owners) == {cast.owner, twin}
        for number, link in enumerate(both):
            assert choose(browser, link, f"long password number {number}").status_code == 302
        for number, user in enumerate(owners):
            assert stored(user).check_password(f"long password number {number}")

    def test_a_link_opens_the_form_of_nobody_else(self, cast, browser, link):
        browser.get(link)
        for user in (cast.admin, cast.outsider):
            assert choose(browser, ResetToken.of(stored(user)).link).status_code == 403
            assert stored(user).check_password(PASSWORD)
        assert stored(cast.owner).check_password(PASSWORD)

    def test_signing_in_with_the_old_password_ends_it(self, cast, browser, link):
        Client().post("/sign-in", {"email": "owner@ours.org", "password": PASSWORD})
        assert reset(link).status_code == 403

    def test_it_ends_after_the_hours_of_the_settings(self, cast, browser, link, monkeypatch):
        later = datetime.now() + timedelta(hours=2, seconds=5)  # noqa: DTZ005 - as Django's generator counts
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
        assert reset(link).status_code == 403

    @pytest.mark.parametrize("how", ["deactivated", "e-mail changed", "team closed", "deleted"])
    def test_whoever_is_no_longer_there_cannot(self, cast, browser, link, how):
        opened = Client()
        opened.get(link)
        with tenant_scope(cast.team.id):
            if how == "deactivated":
                User.objects.filter(id=cast.owner.id).update(is_active=False)
            elif how == "e-mail changed":
                User.objects.filter(id=cast.owner.id).update(email="moved@ours.org")
            elif how == "deleted":
                cast.owner.delete()
        if how == "team closed":
            cast.team.is_active = False
            cast.team.save()
        answers = [Client().get(link), opened.get(page_of(link)), choose(opened, link)]
        unknown = Client().get(f"/reset-password/{cast.team.id.hex}.{cast.team.id.hex}/abc-{'0' * 64}")
        assert {(answer.status_code, answer.content) for answer in answers} == {(403, unknown.content)}

    def test_a_link_is_for_its_own_person_and_team(self, cast, browser, link):
        signature = link.rpartition("/")[2]
        twin = UserFactory(team=cast.other_team, email="owner@ours.org")
        for team, user in ((cast.team, cast.admin), (cast.other_team, cast.owner), (cast.other_team, twin)):
            assert reset(f"/reset-password/{team.id.hex}.{user.id.hex}/{signature}").status_code == 403
        assert [stored(user).check_password(PASSWORD) for user in (cast.admin, twin)] == [True, True]

    def test_it_is_signed_with_a_key_of_its_own(self, cast, browser):
        token = PasswordResetTokenGenerator().make_token(stored(cast.owner))
        assert reset(f"/reset-password/{cast.team.id.hex}.{cast.owner.id.hex}/{token}").status_code == 403

    @pytest.mark.parametrize("tail", ["a/b", "x.y/z", "%00/%00", f"{'0' * 32}.{'0' * 32}/a-b", "é/é"])
    def test_what_is_no_link_is_refused(self, db, tail):
        assert Client().get(f"/reset-password/{tail}").status_code == 403

    def test_the_address_with_the_token_is_kept_to_itself(self, cast, browser, link):
        for address in (link, link[:-1]):
            answer = browser.get(address)
            assert answer["Referrer-Policy"] == "no-referrer"
            assert answer["X-Robots-Tag"] == "noindex, nofollow"
            assert "no-store" in answer["Cache-Control"]
            assert b"<form" not in answer.content
        page = browser.get(page_of(link))
        assert "no-store" in page["Cache-Control"]
        assert link.rpartition("/")[2] not in page.content.decode()

    @pytest.mark.parametrize("given", [("short", None), ("password123", None), (NEW, "another"), ("x" * 1025, None)])
    def test_a_bad_password_changes_nothing_and_leaves_the_link(self, cast, browser, link, given):
        browser.get(link)
        assert "errorlist" in choose(browser, link, *given).content.decode()
        assert stored(cast.owner).check_password(PASSWORD)
        assert choose(browser, link).status_code == 302

    def test_somebody_without_a_password_may_set_one(self, cast, browser, outbox):
        synced = UserFactory(team=cast.team, email="synced@ours.org")
        with tenant_scope(cast.team.id):
            User.objects.filter(id=synced.id).update(password="!unusable")
        ask(browser, "synced@ours.org")
        assert reset(links(outbox[0])[0]).status_code == 302
        assert stored(synced).check_password(NEW)

    def test_the_form_needs_its_token(self, cast, browser, link):
        strict = Client(enforce_csrf_checks=True)
        strict.get(link)
        assert choose(strict, link).status_code == 403
        assert stored(cast.owner).check_password(PASSWORD)

    def test_somebody_elses_session_does_not_stand_in_the_way(self, cast, browser, link, sits):
        other = sits(cast.outsider)
        other.get(link)
        assert choose(other, link).status_code == 302
        assert stored(cast.owner).check_password(NEW)


@pytest.mark.django_db(transaction=True)
def test_of_5_at_once_with_one_link_one_sets_the_password(cast):
    token = ResetToken.of(stored(cast.owner))
    link = token.link.partition("/reset-password/")[2]
    answers = at_once(5, lambda number: reset(f"/reset-password/{link}", f"long password number {number}").status_code)
    assert sorted(answers) == [302] + [403] * 4
