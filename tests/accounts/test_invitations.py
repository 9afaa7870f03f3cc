"""Invitations: one link lets one person into one team, in the role it names, until it ends."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.test import Client
from django.utils import timezone

from accounts import mail
from accounts.actions import invitations
from accounts.links import InvitationToken
from accounts.models import AuditEntry, Invitation, Role, User
from tenants.scope import tenant_scope
from tests.accounts.browser import Browser
from tests.accounts.conftest import ApiClient
from tests.accounts.parallel import at_once
from tests.conftest import Cast
from tests.factories import UserFactory

GOOD = "a long enough password"
PERSON = {"full_name": "New Person", "email": "new@ours.org", "password": GOOD}


def invite(cast: Cast, email: str = "", role: Role = Role.USER) -> str:
    with tenant_scope(cast.team.id):
        return str(invitations.invite(by=cast.admin, email=email, role=role))


def stored(cast: Cast) -> Invitation:
    with tenant_scope(cast.team.id):
        return Invitation.objects.get()


def page_of(cast: Cast) -> str:
    """Return the address of the form that the one invitation's link leads to."""
    return f"/join/{stored(cast).id}"


def people_of(cast: Cast) -> set[str]:
    with tenant_scope(cast.team.id):
        return set(User.objects.values_list("email", flat=True)) - {
            cast.owner.email,
            cast.admin.email,
            cast.teammate.email,
        }


def register(token: str, api: ApiClient | None = None, **more):
    return (api or ApiClient()).send("/api/auth/register", {**PERSON, "invitation": token, **more})


def end(cast: Cast, how: str) -> None:
    """Put an end to the one invitation."""
    with tenant_scope(cast.team.id):
        if how == "used":
            Invitation.objects.update(accepted_at=timezone.now())
        if how == "expired":
            Invitation.objects.update(expires_at=timezone.now())
        if how == "withdrawn":
            invitations.withdraw(invitation_id=Invitation.objects.get().id)
    if how == "team closed":
        cast.team.is_active = False
        cast.team.save()


ENDS = ["used", "expired", "withdrawn", "team closed"]


class TestApi:
    def test_a_token_lets_into_a_closed_team_in_its_role(self, cast, outbox):
        answer = register(invite(cast, role=Role.ADMIN), email="New@Ours.org")
        assert answer.status_code == 201
        told = answer.json()
        assert (told["team_id"], told["role"], told["email"]) == (str(cast.team.id), "admin", "new@ours.org")
        invitation = stored(cast)
        assert (str(invitation.accepted_by_id), invitation.accepted_at is None) == (told["id"], False)
        assert ApiClient().login("new@ours.org", GOOD).status_code == 200

    def test_who_joins_begins_with_the_teams_tier(self, cast, outbox):
        cast.team.settings = {"default_tier": "free"}
        cast.team.save()
        register(invite(cast))
        with tenant_scope(cast.team.id):
            assert User.objects.get(email="new@ours.org").tier_id == "free"

    def test_a_role_in_the_body_counts_for_nothing(self, cast, outbox):
        assert register(invite(cast), role="admin").json()["role"] == "user"

    def test_it_works_once(self, cast, outbox):
        token = invite(cast)
        assert register(token).status_code == 201
        again = register(token, email="second@ours.org")
        assert (again.status_code, again.json()["error_code"]) == (403, "INVITATION_INVALID")
        assert people_of(cast) == {"new@ours.org"}

    @pytest.mark.parametrize("how", ENDS)
    def test_one_that_ended_is_like_one_that_never_was(self, cast, outbox, how):
        token = invite(cast)
        end(cast, how)
        unknown = register(str(InvitationToken.new(cast.team.id)))
        ended = register(token)
        assert (ended.status_code, ended.json()) == (403, unknown.json())
        assert unknown.json()["error_code"] == "INVITATION_INVALID"
        assert people_of(cast) == set()

    @pytest.mark.parametrize("token", ["x", "a.b", "1" * 200, "../../x", "é" * 10, "00000000-0000.x"])
    def test_what_is_no_token_is_403(self, cast, token):
        assert register(token).json()["error_code"] == "INVITATION_INVALID"

    @pytest.mark.parametrize("token", ["", "a\x00b", 7, [], {}, "x" * 201, True, "\ud800"])
    def test_what_is_no_text_is_400(self, cast, token):
        answer = register(token)
        assert (answer.status_code, list(answer.json().get("errors", {"invitation": []}))) == (400, ["invitation"])

    def test_a_token_holds_for_its_own_team_only(self, cast, outbox):
        token = invite(cast)
        moved = f"{cast.other_team.id.hex}.{token.split('.')[1]}"
        assert register(moved).status_code == 403
        other = register(token, team_id=str(cast.other_team.id))
        assert (other.status_code, other.json()["error_code"]) == (404, "TEAM_NOT_FOUND")
        assert register(token, team_id=str(cast.team.id)).status_code == 201

    def test_an_invitation_by_mail_is_for_that_e_mail_only(self, cast, outbox):
        token = invite(cast, email="New@OURS.org")
        refused = register(token, email="else@ours.org")
        assert (refused.status_code, refused.json()["error_code"]) == (403, "INVITATION_INVALID")
        assert register(token, email="nEw@ours.org").status_code == 201

    def test_a_taken_e_mail_is_409_and_leaves_the_invitation_open(self, cast, outbox):
        token = invite(cast)
        taken = register(token, email=cast.owner.email)
        assert (taken.status_code, taken.json()["error_code"]) == (409, "EMAIL_TAKEN")
        assert register(token).status_code == 201

    def test_a_full_team_is_403_and_leaves_the_invitation_open(self, cast, outbox):
        token = invite(cast)
        cast.team.settings = {"max_users": 3}
        cast.team.save()
        assert register(token).json()["error_code"] == "TEAM_FULL"
        assert stored(cast).accepted_at is None

    def test_without_a_token_or_a_team_the_team_is_missed(self, cast):
        for body in (PERSON, {**PERSON, "invitation": None, "team_id": None}):
            answer = ApiClient().send("/api/auth/register", body)
            assert (answer.status_code, list(answer.json()["errors"])) == (400, ["team_id"])

    def test_guessing_is_limited_for_each_address(self, cast, settings):
        settings.REGISTER_RATE_PER_HOUR = 3
        answers = [register(str(InvitationToken.new(cast.team.id))) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [403] * 3 + [429]
        assert 3000 < int(answers[-1]["Retry-After"]) <= 3600


class TestLink:
    @pytest.fixture
    def browser(self, cast):
        return Client()

    def open(self, browser, token, **more):
        return browser.get(f"/join/{token}", follow=True, **more)

    def test_it_asks_who_comes_and_lets_them_in(self, cast, outbox, browser):
        page = self.open(browser, invite(cast)).content.decode()
        assert f"Join {cast.team.name}" in page
        assert cast.admin.email not in page
        answer = browser.post(page_of(cast), PERSON, follow=True)
        assert answer.redirect_chain == [("/chats", 302)]
        assert f"Welcome to {cast.team.name}." in answer.content.decode()
        assert browser.get("/api/auth/me").json()["email"] == "new@ours.org"
        assert browser.cookies["link_token"].value == ""

    def test_the_address_with_the_token_is_kept_to_itself(self, cast, outbox, browser):
        for token in (invite(cast), "nonsense"):
            answer = browser.get(f"/join/{token}")
            assert answer["Referrer-Policy"] == "no-referrer"
            assert answer["X-Robots-Tag"] == "noindex, nofollow"
            assert "no-store" in answer["Cache-Control"]
            assert b"<form" not in answer.content
        cookie = browser.cookies["link_token"]
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (page_of(cast), True, "Lax")

    def test_the_page_after_it_shows_no_token_and_is_not_kept(self, cast, outbox, browser):
        token = invite(cast)
        page = self.open(browser, token)
        assert page.request["PATH_INFO"] == page_of(cast)
        assert token.split(".")[1] not in page.content.decode()
        assert "no-store" in page["Cache-Control"]

    def test_of_two_links_open_in_one_browser_each_form_is_that_of_its_own(self, cast, outbox):
        browser = Browser()
        tokens = [invite(cast, "first@ours.org"), invite(cast, "second@ours.org", Role.ADMIN)]
        pages = [self.open(browser, token).request["PATH_INFO"] for token in tokens]
        assert ["first@ours.org" in browser.get(page).content.decode() for page in pages] == [True, False]
        for page in pages:
            assert browser.post(page, PERSON).status_code == 302
        with tenant_scope(cast.team.id):
            joined = User.objects.filter(email__in=["first@ours.org", "second@ours.org"])
            assert set(joined.values_list("email", "role")) == {
                ("first@ours.org", "user"),
                ("second@ours.org", "admin"),
            }

    def test_a_link_opens_the_form_of_no_other(self, cast, outbox, browser):
        self.open(browser, invite(cast))
        with tenant_scope(cast.team.id):
            mine = Invitation.objects.get()
        invite(cast, role=Role.ADMIN)
        with tenant_scope(cast.team.id):
            other = Invitation.objects.exclude(id=mine.id).get()
        unknown = Client().get("/join/nonsense")
        for answer in (browser.get(f"/join/{other.id}"), browser.post(f"/join/{other.id}", PERSON)):
            assert (answer.status_code, answer.content) == (403, unknown.content)
        assert people_of(cast) == set()

    def test_the_form_needs_its_token(self, cast, outbox):
        browser = Client(enforce_csrf_checks=True)
        self.open(browser, invite(cast))
        assert browser.post(page_of(cast), PERSON).status_code == 403
        assert people_of(cast) == set()

    def test_an_invited_e_mail_stands_fixed_in_the_form(self, cast, outbox, browser):
        page = self.open(browser, invite(cast, email="invited@ours.org")).content.decode()
        assert re.search(r'<input[^>]*value="invited@ours.org"[^>]*disabled', page)
        browser.post(page_of(cast), PERSON)
        assert people_of(cast) == {"invited@ours.org"}

    @pytest.mark.parametrize("how", ENDS)
    def test_a_link_that_ended_is_like_one_that_never_was(self, cast, outbox, browser, how):
        token = invite(cast)
        self.open(browser, token)
        end(cast, how)
        unknown = Client().get(f"/join/{InvitationToken.new(cast.team.id)}")
        answers = [Client().get(f"/join/{token}"), browser.get(page_of(cast)), browser.post(page_of(cast), PERSON)]
        assert {(answer.status_code, answer.content) for answer in answers} == {(403, unknown.content)}
        assert cast.team.name not in unknown.content.decode()
        assert people_of(cast) == set()

    def test_a_full_team_says_so(self, cast, outbox, browser):
        cast.team.settings = {"max_users": 3}
        cast.team.save()
        page = self.open(browser, invite(cast))
        assert page.status_code == 403
        assert "as many people as it may have" in page.content.decode()

    def test_who_has_an_account_is_told(self, cast, outbox, browser):
        token = invite(cast, email="late@ours.org")
        UserFactory(team=cast.team, email="late@ours.org")
        self.open(browser, token)
        page = browser.post(page_of(cast), PERSON)
        assert (page.status_code, "already uses this e-mail" in page.content.decode()) == (409, True)
        assert 'can <a href="/sign-in">sign in</a>' in page.content.decode()

    def test_somebody_signed_in_is_told_and_may_go_on(self, cast, outbox, sits):
        browser = sits(cast.outsider)
        page = self.open(browser, invite(cast)).content.decode()
        assert "You are signed in as outsider@theirs.org" in page
        browser.post(page_of(cast), PERSON)
        assert browser.get("/api/auth/me").json()["email"] == "new@ours.org"

    @pytest.mark.parametrize(
        "wrong", [{"password": "short"}, {"full_name": ""}, {"email": "x"}, {"email": "a\x00@b.c"}]
    )
    def test_bad_input_is_shown_again(self, cast, outbox, browser, wrong):
        self.open(browser, invite(cast))
        page = browser.post(page_of(cast), {**PERSON, **wrong})
        assert "errorlist" in page.content.decode()
        assert GOOD not in page.content.decode()
        assert people_of(cast) == set()

    @pytest.mark.parametrize("password", ["password123", "new@ours.org1", "NewPerson"])
    def test_a_password_that_is_easily_guessed_is_refused(self, cast, outbox, browser, password):
        self.open(browser, invite(cast))
        assert "errorlist" in browser.post(page_of(cast), {**PERSON, "password": password}).content.decode()
        assert register(invite(cast), password=password).json()["errors"].keys() == {"password"}
        assert people_of(cast) == set()

    def test_a_link_cannot_be_sent_a_form(self, cast, outbox, browser):
        assert browser.post(f"/join/{invite(cast)}", PERSON).status_code == 405


class TestMail:
    def test_the_link_is_mailed_built_from_our_own_address(self, cast, outbox, settings, sits):
        settings.BASE_URL, settings.ALLOWED_HOSTS = "https://parley.test", ["*"]
        sits(cast.admin).post("/members", {"email": "New@Ours.org", "role": "user"}, headers={"host": "evil.example"})
        [message] = outbox
        assert (message.to, message.from_email) == (["new@ours.org"], settings.EMAIL_FROM)
        assert re.search(rf"^https://parley.test/join/{cast.team.id.hex}\.[0-9a-f]{{64}}$", message.body, re.MULTILINE)
        assert "evil" not in message.message().as_string()
        assert message.content_subtype == "plain"

    def test_names_begin_no_line_and_no_header(self, cast, outbox):
        cast.team.name = "Evil\r\nBcc: all@theirs.org\n\nhttps://evil.example"
        cast.admin.team, cast.admin.full_name = cast.team, "Eve\n\nClick here:\nhttps://evil.example"
        invite(cast, email="new@ours.org")
        [message] = outbox
        assert message.subject == "Join Evil Bcc: all@theirs.org https://evil.example on Parley"
        assert not re.search(r"^\s*(https://evil|Click|Bcc)", message.body, re.MULTILINE)
        assert message.recipients() == ["new@ours.org"]

    def test_names_are_written_as_they_are(self, cast, outbox):
        cast.admin.full_name = "O'Neil & <Sons>"
        invite(cast, email="new@ours.org")
        assert "by “O'Neil & <Sons>”." in outbox[0].body

    def test_it_begins_with_words_of_ours_and_names_stand_in_quotes(self, cast, outbox):
        cast.admin.full_name = cast.team.name = "Your account is locked, see https://evil.example"
        cast.admin.team = cast.team
        invite(cast, email="new@ours.org")
        told = f"You are invited to join the team “{cast.team.name}” on Parley, by “{cast.admin.full_name}”."
        assert outbox[0].body.startswith(told)

    def test_a_mail_that_fails_is_logged_and_the_link_is_there_all_the_same(self, cast, outbox, monkeypatch, caplog):
        def fail(*args, **kwargs):
            raise OSError("no mail server")

        monkeypatch.setattr(mail.EmailMessage, "send", fail)
        assert register(invite(cast, email="new@ours.org")).status_code == 201
        assert "A mail could not be sent." in caplog.text

    def test_a_link_without_an_e_mail_is_not_mailed(self, cast, outbox):
        invite(cast)
        assert outbox == []

    @pytest.mark.django_db(transaction=True)
    def test_mail_is_sent_by_another_thread(self, cast, monkeypatch):
        django_mail.outbox = []
        with ThreadPoolExecutor(1) as room:
            monkeypatch.setattr(mail, "_post_room", room)
            invite(cast, email="new@ours.org")
        assert [message.to for message in django_mail.outbox] == [["new@ours.org"]]


def test_only_a_hash_of_the_token_is_stored(cast, outbox):
    token = invite(cast)
    invitation = stored(cast)
    secret = token.split(".")[1]
    assert all(secret not in str(value) for value in vars(invitation).values())
    assert invitation.token_hash == InvitationToken.parse(token).hash
    assert InvitationToken.parse(token).hash != secret


def test_it_lasts_as_many_days_as_the_settings_say(cast, outbox, settings):
    settings.INVITATION_DAYS = 3
    invite(cast)
    left = stored(cast).expires_at - timezone.now()
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)


def test_what_was_done_is_recorded_without_the_token(cast, outbox, sits):
    admin = sits(cast.admin)
    for email in ("new@ours.org", "other@ours.org"):
        admin.post("/members", {"email": email, "role": "admin"})
    with tenant_scope(cast.team.id):
        withdrawn = Invitation.objects.get(email="other@ours.org")
    admin.post(f"/members/invitations/{withdrawn.id}/withdraw")
    token = re.search(r"/join/(\S+)", outbox[0].body)[1]
    register(token)
    with tenant_scope(cast.team.id):
        entries = list(AuditEntry.objects.filter(action__regex="invitation|person").order_by("at"))
    assert [(entry.action, entry.actor_name, entry.object_name) for entry in entries] == [
        ("invitation.created", "admin@ours.org", "Invitation of new@ours.org"),
        ("invitation.created", "admin@ours.org", "Invitation of other@ours.org"),
        ("invitation.revoked", "admin@ours.org", "Invitation of other@ours.org"),
        ("person.joined", "new@ours.org", "new@ours.org"),
    ]
    assert entries[-1].details == {"role": "admin", "invitation": str(stored_of(cast, "new@ours.org").id)}
    assert all(token.split(".")[1] not in str(vars(entry)) for entry in entries)


def stored_of(cast: Cast, email: str) -> Invitation:
    with tenant_scope(cast.team.id):
        return Invitation.objects.get(email=email)


@pytest.fixture
def quick_hashes(settings):
    """Let no wait for a hash come between calls that are to meet."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.usefixtures("quick_hashes")
@pytest.mark.django_db(transaction=True)
def test_of_20_at_once_with_one_link_one_gets_in(cast):
    token = invite(cast)
    answers = at_once(20, lambda number: register(token, email=f"person{number}@ours.org"))
    assert sorted(answer.status_code for answer in answers) == [201] + [403] * 19
    assert len(people_of(cast)) == 1


@pytest.mark.usefixtures("quick_hashes")
@pytest.mark.django_db(transaction=True)
def test_of_10_at_once_with_links_of_their_own_as_many_get_in_as_there_are_seats(cast):
    cast.team.settings = {"max_users": 5}
    cast.team.save()
    tokens = [invite(cast) for _ in range(10)]
    answers = at_once(10, lambda number: register(tokens[number], email=f"person{number}@ours.org"))
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [403] * 8
    with tenant_scope(cast.team.id):
        assert Invitation.objects.exclude(accepted_at=None).count() == len(people_of(cast)) == 2
