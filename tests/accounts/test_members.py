"""The page of a team's people: its admins invite, set roles and say who may come in; nobody else does."""

import re
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import limits, queries
from accounts.actions import invitations as inviting
from accounts.actions import standing as actions
from accounts.exceptions import InvitationInvalid, LastAdmin
from accounts.models import AuditEntry, Invitation, Role, User
from tenants.exceptions import Forbidden
from tenants.scope import tenant_scope
from tests.accounts.conftest import stored
from tests.accounts.parallel import at_once
from tests.conftest import Cast
from tests.factories import UserFactory

ONCE = re.compile(r'name="once" value="([^"]+)"')


@pytest.fixture
def admin(cast, sits, outbox) -> Client:
    return sits(cast.admin)


def standing(*users: User) -> list[tuple[str, bool]]:
    return [(user.role, user.is_active) for user in map(stored, users)]


def set_role(client: Client, user: User, role: str):
    return client.post(f"/members/{user.id}/role", {"role": role}, follow=True)


def set_active(client: Client, user: User, active: str):
    return client.post(f"/members/{user.id}/active", {"active": active}, follow=True)


def invite(client: Client, email: str = "", role: str = "user"):
    return client.post("/members", {"email": email, "role": role})


def invitations(cast: Cast) -> list[Invitation]:
    with tenant_scope(cast.team.id):
        return list(Invitation.objects.all())


class TestList:
    def test_it_shows_the_teams_people_and_nobody_else(self, cast, admin):
        UserFactory(team=cast.team, email="boss@ours.org", is_superuser=True, role="admin")
        page = admin.get("/members").content.decode()
        assert sorted(set(re.findall(r"[\w.]+@[\w.]+", page))) == [
            "admin@ours.org",
            "owner@ours.org",
            "teammate@ours.org",
        ]
        assert page.count("never signed in") + page.count("last signed in") == 3

    def test_everything_somebody_wrote_is_escaped(self, cast, admin):
        UserFactory(team=cast.team, email="x@ours.org", full_name="<img src=x onerror=alert(1)>")
        page = admin.get("/members").content.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "style=" not in page

    def test_it_is_searched_by_name_and_e_mail(self, cast, admin):
        UserFactory(team=cast.team, email="found@ours.org", full_name="Grace Hopper")
        for search in ("hopper", "FOUND@", "grace h"):
            page = admin.get("/members", {"q": search}).content.decode()
            assert "found@ours.org" in page
            assert "owner@ours.org" not in page
        for search in ("outsider", "%", "\x00_", "\N{SNOWMAN}", "x" * 60_000):
            assert "Nobody here has" in admin.get("/members", {"q": search}).content.decode()

    @pytest.mark.parametrize("page", ["0", "-1", "999999999999999999999", "x", "\x00"])
    def test_an_odd_page_is_a_page(self, cast, admin, page):
        assert admin.get("/members", {"page": page}).status_code == 200

    def test_its_queries_do_not_grow_with_people_and_invitations(self, cast, admin, django_assert_num_queries):
        for number in (0, 4):
            for _ in range(number):
                UserFactory(team=cast.team)
                invite(admin)
            with django_assert_num_queries(7):
                assert admin.get("/members").status_code == 200

    def test_many_people_come_in_pages(self, cast, admin):
        for number in range(50):
            UserFactory(team=cast.team, email=f"x{number:02}@ours.org")
        first, second = (admin.get("/members", {"page": page}).content.decode() for page in (1, 2))
        assert "Page 1 of 2" in first
        assert ("x49@ours.org" in first, "x49@ours.org" in second) == (False, True)

    def test_it_stays_light_however_large_the_pictures(self, cast, admin):
        before = len(admin.get("/members").content)
        with tenant_scope(cast.team.id):
            User.objects.exclude(id=cast.admin.id).update(avatar="data:image/png;base64," + "A" * 300_000)
        with CaptureQueriesContext(connection) as asked:
            page = admin.get("/members").content
        assert len(page) == before
        [listing] = [query["sql"] for query in asked if '"is_active" DESC' in query["sql"]]
        assert "avatar" not in listing


class TestTier:
    def test_whoever_could_call_no_agent_is_announced(self, cast, admin):
        page = admin.get("/members").content.decode()
        assert "New people begin in the tier none and cannot call agents" in page
        assert page.count("(cannot call agents)") == 0
        UserFactory(team=cast.team, tier_id="none")
        assert admin.get("/members").content.decode().count("(cannot call agents)") == 1

    def test_nothing_is_announced_where_people_begin_with_calls(self, cast, admin):
        cast.team.settings = {"default_tier": "free"}
        cast.team.save()
        assert "New people begin" not in admin.get("/members").content.decode()


class TestWho:
    def test_only_admins_have_the_link(self, cast, sits):
        assert b'href="/members"' in sits(cast.admin).get("/profile").content
        assert b'href="/members"' not in sits(cast.owner).get("/profile").content

    def test_a_member_can_do_nothing_there(self, cast, sits, admin):
        invite(admin, "new@ours.org")
        [invitation] = invitations(cast)
        member = sits(cast.owner)
        answers = [
            member.get("/members"),
            invite(member, "mine@ours.org", "admin"),
            set_role(member, cast.owner, "admin"),
            set_role(member, cast.admin, "user"),
            set_active(member, cast.admin, "0"),
            member.post(f"/members/invitations/{invitation.id}/withdraw"),
        ]
        assert {answer.status_code for answer in answers} == {403}
        assert standing(cast.owner, cast.admin) == [("user", True), ("admin", True)]
        assert [kept.revoked_at for kept in invitations(cast)] == [None]

    def test_another_teams_admin_finds_nothing_there(self, cast, sits, admin):
        invite(admin, "new@ours.org")
        [invitation] = invitations(cast)
        other = sits(cast.other_admin)
        answers = [
            set_role(other, cast.owner, "admin"),
            set_active(other, cast.owner, "0"),
            other.post(f"/members/invitations/{invitation.id}/withdraw"),
            other.post(f"/members/invitations/{uuid4()}/withdraw"),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert standing(cast.owner) == [("user", True)]
        assert [kept.revoked_at for kept in invitations(cast)] == [None]

    def test_an_operator_in_the_team_is_out_of_its_admins_reach(self, cast, admin):
        boss = UserFactory(team=cast.team, email="boss@ours.org", is_superuser=True, role="admin")
        assert [set_role(admin, boss, "user").status_code, set_active(admin, boss, "0").status_code] == [404, 404]
        assert standing(boss) == [("admin", True)]

    def test_another_site_and_a_form_without_its_token_change_nothing(self, cast, sits):
        for client in (Client(enforce_csrf_checks=True), Client(headers={"origin": "https://evil.example"})):
            client.cookies = sits(cast.admin).cookies
            assert set_role(client, cast.owner, "admin").status_code == 403
        assert standing(cast.owner) == [("user", True)]


class TestRole:
    def test_a_member_becomes_admin_and_back(self, cast, admin, sits):
        assert f"{cast.owner} is a team admin now." in set_role(admin, cast.owner, "admin").content.decode()
        assert sits(cast.owner).get("/members").status_code == 200
        set_role(admin, cast.owner, "user")
        assert sits(cast.owner).get("/members").status_code == 403
        with tenant_scope(cast.team.id):
            entries = list(AuditEntry.objects.filter(action="person.role_changed").order_by("at"))
        assert [(entry.actor_name, entry.object_id, entry.details) for entry in entries] == [
            ("admin@ours.org", str(cast.owner.id), {"before": "user", "role": "admin"}),
            ("admin@ours.org", str(cast.owner.id), {"before": "admin", "role": "user"}),
        ]

    def test_nobody_changes_themselves(self, cast, admin):
        UserFactory(team=cast.team, email="second@ours.org", role="admin")
        for answer in (set_role(admin, cast.admin, "user"), set_active(admin, cast.admin, "0")):
            assert "Another admin of the team has to do this for you." in answer.content.decode()
        assert standing(cast.admin) == [("admin", True)]

    @pytest.mark.parametrize("role", ["", "king", "a\x00", "Admin"])
    def test_an_unknown_role_is_refused(self, cast, admin, role):
        assert "Choose one of the roles." in set_role(admin, cast.owner, role).content.decode()
        assert standing(cast.owner) == [("user", True)]

    def test_the_same_role_once_more_is_not_recorded(self, cast, admin):
        set_role(admin, cast.owner, "user")
        with tenant_scope(cast.team.id):
            assert not AuditEntry.objects.filter(action="person.role_changed").exists()


class TestActive:
    def test_who_is_let_out_is_out_at_the_next_request_and_can_be_let_in_again(self, cast, admin, sits, client_of):
        page, api = sits(cast.owner), client_of(cast.owner)
        assert f"{cast.owner} is out, wherever they were." in set_active(admin, cast.owner, "0").content.decode()
        assert page.get("/profile").status_code == 302
        assert api.get("/api/auth/me").status_code == 401
        assert "Deactivated" in admin.get("/members").content.decode()
        assert f"{cast.owner} may sign in again." in set_active(admin, cast.owner, "1").content.decode()
        assert page.get("/profile").status_code == 302
        assert sits(stored(cast.owner)).get("/profile").status_code == 200
        with tenant_scope(cast.team.id):
            done = (
                AuditEntry.objects.filter(action__startswith="person.").order_by("at").values_list("action", flat=True)
            )
            assert list(done) == ["person.deactivated", "person.activated"]

    def test_who_is_let_in_again_signs_in_again(self, cast, admin, sits, client_of):
        page, api, other = sits(cast.owner), client_of(cast.owner), sits(cast.teammate)
        set_active(admin, cast.owner, "0")
        set_active(admin, cast.owner, "1")
        assert (page.get("/profile").status_code, api.get("/api/auth/me").status_code) == (302, 401)
        assert [client.get("/profile").status_code for client in (other, admin)] == [200, 200]

    def test_an_operator_takes_no_seat(self, cast, admin):
        UserFactory(team=cast.team, email="boss@ours.org", is_superuser=True, role="admin")
        idle = UserFactory(team=cast.team, is_active=False)
        cast.team.settings = {"max_users": 4}
        cast.team.save()
        assert "1 seat left" in admin.get("/members").content.decode()
        set_active(admin, idle, "1")
        assert standing(idle) == [("user", True)]

    def test_letting_in_again_takes_a_seat(self, cast, admin):
        idle = UserFactory(team=cast.team, is_active=False)
        cast.team.settings = {"max_users": 3}
        cast.team.save()
        assert "as many people as it may have" in set_active(admin, idle, "1").content.decode()
        assert "0 seats left" in admin.get("/members").content.decode()
        assert standing(idle) == [("user", False)]

    @pytest.mark.parametrize("active", ["", "2", "true"])
    def test_an_unknown_wish_is_refused(self, cast, admin, active):
        assert "Say whether" in set_active(admin, cast.owner, active).content.decode()
        assert standing(cast.owner) == [("user", True)]


class TestInviting:
    def test_the_link_is_shown_once(self, cast, admin):
        page = invite(admin).content.decode()
        link = re.search(r"<code>(\S+/join/\S+)</code>", page)[1]
        assert "whoever has it can join, once" in page
        again = admin.get("/members").content.decode()
        assert link not in again
        assert "Whoever has the link" in again

    def test_one_by_mail_is_shown_and_sent(self, cast, admin, outbox):
        page = invite(admin, " New@Ours.org ", "admin").content.decode()
        link = re.search(r"<code>(\S+)</code>", page)[1]
        assert link in outbox[0].body
        [invitation] = invitations(cast)
        assert (invitation.email, invitation.role, invitation.invited_by_id) == ("new@ours.org", "admin", cast.admin.id)

    @pytest.mark.parametrize(
        ("email", "role", "told"),
        [
            ("owner@OURS.org", "user", "already uses this e-mail"),
            ("nonsense", "user", "Enter a valid email address"),
            ("a@b.c\nBcc: x@y.z", "user", "Enter a valid email address"),
            ("a\x00@b.org", "user", "Null characters"),
            ("new@ours.org", "king", "Select a valid choice"),
        ],
    )
    def test_what_cannot_be_is_said_in_the_form(self, cast, admin, outbox, email, role, told):
        assert told in invite(admin, email, role).content.decode()
        assert (invitations(cast), outbox) == ([], [])

    def test_a_taken_e_mail_is_a_conflict(self, cast, admin):
        assert invite(admin, "owner@ours.org").status_code == 409

    def test_an_e_mail_of_another_team_can_be_invited(self, cast, admin, outbox):
        invite(admin, cast.outsider.email)
        assert len(outbox) == 1

    def test_a_team_cannot_have_mail_sent_to_all_the_world(self, cast, admin, outbox, monkeypatch):
        monkeypatch.setattr(limits, "INVITATION_MAILS_PER_TEAM", 2)
        answers = [invite(admin, f"person{number}@x.org") for number in range(3)]
        assert ["Too many tries." in answer.content.decode() for answer in answers] == [False, False, True]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[2]["Retry-After"]) > 0
        assert (len(outbox), len(invitations(cast))) == (2, 2)
        assert "whoever has it can join, once" in invite(admin).content.decode()

    def test_a_reloaded_page_invites_nobody_again(self, cast, admin, outbox):
        wanted = {
            "email": "new@ours.org",
            "role": "user",
            "once": ONCE.search(admin.get("/members").content.decode())[1],
        }
        assert "The invitation is made" in admin.post("/members", wanted).content.decode()
        again = admin.post("/members", wanted)
        assert (again.status_code, again["Location"]) == (302, "/members")
        assert "This invitation was made already" in admin.get("/members").content.decode()
        assert (len(outbox), len(invitations(cast))) == (1, 1)

    def test_a_new_one_takes_the_place_of_the_one_before(self, cast, admin, sits, outbox):
        cast.other_team.settings = {"default_tier": "free"}
        cast.other_team.save()
        invite(sits(cast.other_admin), "new@ours.org")
        for email in ("new@ours.org", "else@ours.org", "", "", " NEW@ours.org"):
            invite(admin, email)
        with tenant_scope(cast.team.id):
            still_open = [kept.email for kept in queries.open_invitations()]
            withdrawn = AuditEntry.objects.filter(action="invitation.revoked")
            assert [entry.object_name for entry in withdrawn] == ["Invitation of new@ours.org"]
        assert sorted(still_open) == ["", "", "else@ours.org", "new@ours.org"]
        with tenant_scope(cast.other_team.id):
            assert queries.open_invitations().count() == 1
        first, second = (re.search(r"http\S+", outbox[place].body)[0] for place in (1, 3))
        assert [Client().get(urlsplit(link).path).status_code for link in (first, second)] == [403, 302]

    def test_open_ones_are_listed_and_withdrawn(self, cast, admin):
        invite(admin, "new@ours.org")
        [invitation] = invitations(cast)
        assert "new@ours.org" in admin.get("/members").content.decode()
        gone = admin.post(f"/members/invitations/{invitation.id}/withdraw", follow=True)
        assert "The invitation is withdrawn." in gone.content.decode()
        assert "new@ours.org" not in gone.content.decode()
        assert admin.post(f"/members/invitations/{invitation.id}/withdraw").status_code == 404

    def test_ended_ones_are_not_listed(self, cast, admin):
        invite(admin, "new@ours.org")
        with tenant_scope(cast.team.id):
            Invitation.objects.update(expires_at=timezone.now())
        assert "new@ours.org" not in admin.get("/members").content.decode()


class TestInvitationsOfAnAdminNoLonger:
    @pytest.fixture
    def second(self, cast, sits, admin) -> User:
        """An admin who invited somebody, as the other admin did."""
        second = UserFactory(team=cast.team, email="second@ours.org", role="admin")
        invite(sits(second), "theirs@ours.org", "admin")
        invite(admin, "mine@ours.org", "admin")
        return second

    def withdrawn(self, cast) -> set[str]:
        with tenant_scope(cast.team.id):
            recorded = AuditEntry.objects.filter(action="invitation.revoked").values_list("object_id", flat=True)
            ended = [invitation for invitation in Invitation.objects.all() if invitation.revoked_at]
            assert sorted(recorded) == sorted(str(invitation.id) for invitation in ended)
        return {invitation.email for invitation in ended}

    def test_they_are_withdrawn_with_a_deactivation(self, cast, admin, second):
        set_active(admin, second, "0")
        assert self.withdrawn(cast) == {"theirs@ours.org"}

    def test_they_are_withdrawn_with_a_demotion_and_come_back_with_no_promotion(self, cast, admin, second):
        set_role(admin, second, "user")
        set_role(admin, second, "admin")
        assert self.withdrawn(cast) == {"theirs@ours.org"}

    def test_one_that_was_accepted_stays_as_it_was(self, cast, admin, second):
        with tenant_scope(cast.team.id):
            Invitation.objects.update(accepted_at=timezone.now())
        set_active(admin, second, "0")
        assert self.withdrawn(cast) == set()

    @pytest.mark.parametrize("change", [{"role": "user"}, {"is_active": False}])
    def test_an_invitation_on_its_way_meanwhile_is_refused(self, cast, second, change):
        with tenant_scope(cast.team.id):
            User.objects.filter(id=second.id).update(**change)
            with pytest.raises(Forbidden):
                inviting.invite(by=second, email="late@ours.org", role=Role.ADMIN)
            assert not Invitation.objects.filter(email="late@ours.org").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["demote", "deactivate"])
def test_of_two_admins_who_take_each_other_away_at_once_one_stays(cast, how):
    pair = [cast.admin, UserFactory(team=cast.team, email="second@ours.org", role="admin")]

    def take_away(number: int) -> bool:
        by, other = pair[number % 2], pair[1 - number % 2]
        with tenant_scope(cast.team.id):
            try:
                if how == "demote":
                    actions.set_role(by=by, user_id=other.id, role=Role.USER)
                else:
                    actions.set_active(by=by, user_id=other.id, active=False)
            except LastAdmin:
                return False
        return True

    answers = at_once(2, take_away)
    assert sorted(answers) == [False, True]
    assert standing(*pair).count(("admin", True)) == 1


@pytest.mark.django_db(transaction=True)
def test_who_comes_in_while_the_inviter_is_let_out_comes_in_or_does_not(cast, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow one would part the two
    tokens = []
    for number in range(5):
        second = UserFactory(team=cast.team, email=f"admin{number}@ours.org", role="admin")
        with tenant_scope(cast.team.id):
            tokens.append((second, str(inviting.invite(by=second, email="", role=Role.USER))))

    def call(number: int) -> bool:
        second, token = tokens[number // 2]
        person = {"email": f"new{number}@ours.org", "password": "a long enough password", "full_name": "New"}
        try:
            if number % 2:
                inviting.accept(invitation=token, **person, address=None)
            else:
                with tenant_scope(cast.team.id):
                    actions.set_active(by=cast.admin, user_id=second.id, active=False)
        except InvitationInvalid:
            return False
        return True

    answers = at_once(10, call)
    with tenant_scope(cast.team.id):
        came = Invitation.objects.exclude(accepted_at=None)
        assert came.count() == sum(answers[1::2]) == User.objects.filter(email__startswith="new").count()
        assert all(
            (invitation.accepted_at is None) != (invitation.revoked_at is None) for invitation in invitations(cast)
        )
