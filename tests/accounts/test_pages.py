"""The pages of signing in, signing out and the own profile; none of them needs a script."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import engines
from django.test import Client
from django.urls import reverse

from accounts.actions.clients import open_refresh_session
from accounts.models import RefreshSession, User
from tenants.scope import tenant_scope
from tests.accounts.pictures import picture
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.usefixtures("generous")


@pytest.fixture
def browser(cast):
    return Client()


def sign_in(browser, email="owner@ours.org", password=PASSWORD, **more):
    return browser.post("/sign-in", {"email": email, "password": password, **more})


def stored(cast) -> User:
    with tenant_scope(cast.team.id):
        return User.objects.get(id=cast.owner.id)


class TestSignIn:
    def test_the_form_has_a_token_and_no_team(self, browser):
        page = browser.get("/sign-in?next=/profile")
        assert page.status_code == 200
        assert page["Cache-Control"].startswith("max-age=0")
        for part in ('name="csrfmiddlewaretoken"', 'name="email"', 'type="password"', 'name="next" value="/profile"'):
            assert part in page.content.decode()
        assert "<select" not in page.content.decode()
        assert "<script>" not in page.content.decode()
        assert "style=" not in page.content.decode()

    def test_it_signs_in_and_leads_on(self, browser, cast):
        anonymous = browser.session.session_key
        answer = sign_in(browser, next="/profile")
        assert (answer.status_code, answer["Location"]) == (302, "/profile")
        assert browser.session.session_key != anonymous
        assert browser.get("/profile").status_code == 200
        assert stored(cast).last_login is not None

    def test_it_needs_the_forms_token(self, cast):
        answer = sign_in(Client(enforce_csrf_checks=True))
        assert answer.status_code == 403
        assert "out of date" in answer.content.decode()

    @pytest.mark.parametrize("site", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
    def test_another_site_cannot_sign_in(self, cast, site):
        assert sign_in(Client(headers=site)).status_code == 403

    @pytest.mark.parametrize(
        "elsewhere",
        ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "http:evil.example"],
    )
    def test_it_never_leads_to_another_site(self, browser, elsewhere):
        assert sign_in(browser, next=elsewhere)["Location"] == reverse("chat-list")
        assert browser.get("/sign-in", {"next": elsewhere})["Location"] == reverse("chat-list")

    def test_a_wrong_password_keeps_the_address_and_not_the_password(self, browser):
        page = sign_in(browser, password="wrong password", next="/profile").content.decode()
        assert "The e-mail or the password is wrong." in page
        assert 'value="owner@ours.org"' in page
        assert 'value="/profile"' in page
        assert "wrong password" not in page

    def test_the_team_is_asked_for_only_when_needed(self, browser, cast):
        UserFactory(team=cast.other_team, email="owner@ours.org")
        page = sign_in(browser, next="/profile").content.decode()
        assert "Say which team." in page
        assert f'<option value="theirs">{cast.other_team.name}</option>' in page
        assert f'value="{PASSWORD}"' in page
        answer = sign_in(browser, team="theirs", next="/profile")
        assert answer["Location"] == "/profile"
        assert browser.session["team_id"] == str(cast.other_team.id)

    def test_an_unseen_team_does_not_stay_in_the_form(self, browser):
        assert 'value="theirs"' not in sign_in(browser, team="theirs").content.decode()

    @pytest.mark.parametrize("given", [{"email": ""}, {"password": ""}, {"email": "a\x00b"}, {"team": "x" * 99}])
    def test_bad_input_is_shown_again(self, browser, given):
        page = browser.post("/sign-in", {"email": "owner@ours.org", "password": PASSWORD, **given})
        assert page.status_code == 200
        assert "errorlist" in page.content.decode()

    def test_it_deletes_the_cookies_of_an_api_client(self, browser):
        browser.post(
            "/api/auth/login", {"email": "admin@ours.org", "password": PASSWORD}, content_type="application/json"
        )
        answer = sign_in(browser)
        assert [answer.cookies[name].value for name in ("access_token", "refresh_token")] == ["", ""]
        assert answer.cookies["refresh_token"]["path"] == "/api/auth"
        assert browser.get("/api/auth/me").json()["email"] == "owner@ours.org"

    def test_who_is_signed_in_is_led_on(self, browser):
        sign_in(browser)
        assert browser.get("/sign-in?next=/profile")["Location"] == "/profile"

    def test_somebody_else_gets_a_session_of_their_own(self, browser):
        sign_in(browser)
        first = browser.session.session_key
        sign_in(browser, "outsider@theirs.org")
        assert browser.session.session_key != first
        assert browser.get("/api/auth/me").json()["email"] == "outsider@theirs.org"


class TestSignOut:
    def test_it_ends_the_session(self, browser):
        sign_in(browser)
        stolen = browser.cookies["sessionid"].value
        answer = browser.post("/sign-out")
        assert (answer.status_code, answer["Location"]) == (302, "/sign-in")
        assert "You are signed out." in browser.get("/sign-in").content.decode()
        browser.cookies["sessionid"] = stolen
        assert browser.get("/profile").status_code == 302

    def test_it_ends_an_api_clients_session_too(self, browser, cast):
        browser.post(
            "/api/auth/login", {"email": "owner@ours.org", "password": PASSWORD}, content_type="application/json"
        )
        browser.post("/sign-out")
        assert browser.get("/profile").status_code == 302
        with tenant_scope(cast.team.id):
            assert RefreshSession.objects.get().revoked_at is not None

    def test_a_link_cannot_sign_out(self, browser):
        sign_in(browser)
        assert browser.get("/sign-out").status_code == 405
        assert browser.get("/profile").status_code == 200

    def test_who_is_signed_out_already_is_not_bothered(self, browser):
        assert browser.post("/sign-out").status_code == 302


class TestMemberRequired:
    def test_visitors_are_sent_to_sign_in_and_back(self, browser):
        assert browser.get("/profile?x=1&y=%C3%A4")["Location"] == "/sign-in?next=%2Fprofile%3Fx%3D1%26y%3D%25C3%25A4"

    def test_a_sent_form_leads_back_to_its_page(self, browser):
        answer = browser.post("/profile", {"save": "name"}, headers={"referer": "http://testserver/profile?x=1"})
        assert answer["Location"] == "/sign-in?next=%2Fprofile"

    def test_a_page_before_that_is_no_address_is_passed_over(self, browser):
        assert browser.post("/profile", headers={"referer": "http://["})["Location"] == "/sign-in"

    def test_a_page_of_a_member_is_kept_out_of_caches(self, browser):
        sign_in(browser)
        assert "no-store" in browser.get("/profile")["Cache-Control"]

    @pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
    def test_a_change_counts_at_the_next_request(self, browser, cast, change):
        sign_in(browser)
        assert browser.get("/profile").status_code == 200
        with tenant_scope(cast.team.id):
            User.objects.filter(id=cast.owner.id).update(**change)
        assert browser.get("/profile").status_code == 302
        assert browser.get("/sign-in").status_code == 200


class TestProfile:
    @pytest.fixture
    def owner(self, browser):
        sign_in(browser)
        return browser

    def test_the_name_is_changed(self, owner, cast):
        page = owner.post("/profile", {"save": "name", "full_name": "Ada <b>"}, follow=True)
        assert "Your name is changed." in page.content.decode()
        assert "Ada &lt;b&gt;" in page.content.decode()
        assert stored(cast).full_name == "Ada <b>"

    @pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b"])
    def test_a_bad_name_is_shown_again(self, owner, cast, name):
        page = owner.post("/profile", {"save": "name", "full_name": name})
        assert "errorlist" in page.content.decode()
        assert stored(cast).full_name == cast.owner.full_name

    def change_password(self, owner, present=PASSWORD, password="another long password", repeated=None):
        form = {"present": present, "password": password, "repeated": repeated or password}
        return owner.post("/profile", {"save": "password", **form}, follow=True)

    def test_a_new_password_signs_out_everywhere_else(self, owner, cast, client_of):
        elsewhere, api = Client(), client_of(cast.owner)
        sign_in(elsewhere)
        assert "Your password is changed." in self.change_password(owner).content.decode()
        assert owner.get("/profile").status_code == 200
        assert elsewhere.get("/profile").status_code == 302
        assert api.get("/api/auth/me").status_code == 401
        assert sign_in(Client(), password="another long password").status_code == 302

    @pytest.mark.parametrize(
        "given",
        [{"present": "wrong"}, {"password": "short"}, {"password": "password123"}, {"repeated": "something else"}],
    )
    def test_a_bad_new_password_changes_nothing(self, owner, cast, given):
        assert "errorlist" in self.change_password(owner, **given).content.decode()
        assert stored(cast).check_password(PASSWORD)

    def test_guessing_the_present_password_locks_it(self, owner, cast, settings):
        settings.LOGIN_FAILURES_PER_ACCOUNT = 3
        for _ in range(3):
            self.change_password(owner, present="wrong")
        refused = self.change_password(owner)
        assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
        assert "Too many tries." in refused.content.decode()
        assert stored(cast).check_password(PASSWORD)

    def upload(self, owner, content, name="me.png"):
        return owner.post("/profile", {"save": "picture", "picture": SimpleUploadedFile(name, content)}, follow=True)

    def test_a_picture_is_made_small_and_can_be_removed(self, owner, cast):
        assert "Your picture is changed." in self.upload(owner, picture("JPEG", (900, 600))).content.decode()
        avatar = stored(cast).avatar
        assert avatar.startswith("data:image/jpeg;base64,")
        assert len(avatar) < 60_000
        assert avatar in owner.get("/profile").content.decode()
        owner.post("/profile", {"save": "no-picture"})
        assert stored(cast).avatar is None

    @pytest.mark.parametrize("content", [b"", b"<svg/>", b"GIF89a", b"x" * 3_000_000, picture("TIFF")])
    def test_what_is_no_picture_is_refused_whatever_its_name(self, owner, cast, content):
        assert "errorlist" in self.upload(owner, content).content.decode()
        assert stored(cast).avatar is None

    def test_own_clients_are_listed_and_signed_out(self, owner, cast):
        with tenant_scope(cast.team.id):
            mine, _ = open_refresh_session(user=cast.owner, user_agent="curl/<8>")
            others, _ = open_refresh_session(user=cast.teammate, user_agent="not mine")
        page = owner.get("/profile").content.decode()
        assert "curl/&lt;8&gt;" in page
        assert "not mine" not in page
        for session in (mine, others):
            assert owner.post(f"/profile/clients/{session.id}/revoke")["Location"] == "/profile"
        with tenant_scope(cast.team.id):
            assert RefreshSession.objects.get(id=mine.id).revoked_at is not None
            assert RefreshSession.objects.get(id=others.id).revoked_at is None
        assert "curl" not in owner.get("/profile").content.decode()

    def test_the_number_of_queries_does_not_grow_with_the_clients(self, owner, cast, django_assert_num_queries):
        for number in (1, 3):
            with tenant_scope(cast.team.id):
                for _ in range(number):
                    open_refresh_session(user=cast.owner, user_agent="x")
            with django_assert_num_queries(3):
                owner.get("/profile")


def test_templates_and_messages_know_an_anonymous_visitor(db):
    request = Client().get("/sign-in").wsgi_request
    template = engines["django"].from_string("{{ user }}, {{ user.is_authenticated }}, {{ messages|length }}")
    assert template.render({}, request) == "AnonymousUser, False, 0"
