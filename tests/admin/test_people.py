"""What operators and team admins can do to accounts, and what they cannot, whatever they send."""

import pytest
from django.urls import reverse

from accounts.actions import invitations
from accounts.models import AuditEntry, Invitation, RefreshSession, Role, User
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.admin.conftest import SignIn
from tests.admin.forms import GOOD, SOURCE, person, the
from tests.admin.test_every_page import url
from tests.conftest import Cast
from tests.factories import UserFactory
from tests.isolation.conftest import World


def test_a_team_admin_adds_a_person_to_the_own_team(world: World, cast: Cast, sits: SignIn) -> None:
    fields = person(email="New@Ours.org ", new_password=GOOD, is_superuser="on", in_team=str(cast.other_team.id))
    response = sits(cast.admin).post(url(User, "add"), {**fields, "team": str(cast.other_team.id)})
    assert response.status_code == 302
    user = the(User, email="new@ours.org")
    assert (user.team_id, user.is_superuser, user.check_password(GOOD)) == (cast.team.id, False, True)


def test_an_operator_says_which_team_a_person_is_for(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.operator)
    assert client.post(url(User, "add"), person(new_password=GOOD)).status_code == 200
    fields = person(new_password=GOOD, in_team=str(cast.other_team.id))
    assert client.post(url(User, "add"), fields).status_code == 302
    assert the(User, email="new@ours.org").team_id == cast.other_team.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"new_password": ""},
        {"new_password": "short"},
        {"new_password": "new@ours.org"},
        {"email": "Owner@ours.org"},
        {"role": "king"},
    ],
)
def test_a_person_who_cannot_be_is_refused_with_a_form(
    world: World, cast: Cast, sits: SignIn, wrong: dict[str, str]
) -> None:
    response = sits(cast.admin).post(url(User, "add"), person(**{"new_password": GOOD, **wrong}))
    assert response.status_code == 200
    assert b"errornote" in response.content
    with tenant_scope(cast.team.id):
        assert User.objects.count() == 3


def test_an_e_mail_of_another_team_is_free(world: World, cast: Cast, sits: SignIn) -> None:
    fields = person(email="outsider@theirs.org", new_password=GOOD)
    assert sits(cast.admin).post(url(User, "add"), fields).status_code == 302


def test_a_full_team_takes_nobody_more(world: World, cast: Cast, sits: SignIn) -> None:
    cast.team.settings = {"max_users": 3}
    cast.team.save()
    client = sits(cast.admin)
    response = client.post(url(User, "add"), person(new_password=GOOD))
    assert b"as many people as it may have" in response.content
    idle = UserFactory(team=cast.team, email="idle@ours.org", is_active=False)
    assert client.post(url(User, "change", idle.pk), person(email="idle@ours.org")).status_code == 200
    assert not the(User, pk=idle.pk).is_active


def test_a_new_password_ends_the_persons_sessions_and_an_empty_one_keeps_them(
    world: World, cast: Cast, sits: SignIn
) -> None:
    client, session = sits(cast.admin), world.ours.rows[RefreshSession]
    before = the(User, pk=cast.owner.pk).password
    fields = person(email="owner@ours.org")
    assert client.post(url(User, "change", cast.owner.pk), fields).status_code == 302
    assert the(User, pk=cast.owner.pk).password == before
    assert the(RefreshSession, pk=session.pk).revoked_at is None
    assert client.post(url(User, "change", cast.owner.pk), {**fields, "new_password": GOOD}).status_code == 302
    assert the(User, pk=cast.owner.pk).check_password(GOOD)
    assert the(RefreshSession, pk=session.pk).revoked_at is not None


def test_nobody_locks_themselves_out(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.admin)
    assert (
        client.post(url(User, "change", cast.admin.pk), {"email": "admin@ours.org", "role": "user"}).status_code == 302
    )
    user = the(User, pk=cast.admin.pk)
    assert (user.is_active, user.role) == (True, "admin")
    assert client.post(url(User, "delete", cast.admin.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(cast.admin.pk)], "post": "yes"}
    client.post(url(User, "changelist"), chosen)
    assert the(User, pk=cast.admin.pk).is_active


def test_an_operator_account_does_not_exist_for_a_team_admin(world: World, cast: Cast, sits: SignIn) -> None:
    boss = UserFactory(team=cast.team, email="boss@ours.org", is_superuser=True, role="admin")
    before, client = boss.password, sits(cast.admin)
    assert "boss@ours.org" not in client.get(url(User, "changelist")).content.decode()
    assert client.get(url(User, "change", boss.pk)).status_code == 302
    fields = person(email="boss@ours.org", new_password=GOOD)
    assert client.post(url(User, "change", boss.pk), fields).status_code == 302
    assert client.post(url(User, "delete", boss.pk), {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [str(boss.pk)], "post": "yes"}
    client.post(url(User, "changelist"), chosen)
    assert the(User, pk=boss.pk).password == before
    found = client.get(reverse("admin:autocomplete"), {**SOURCE, "field_name": "user", "term": "boss"})
    assert found.json()["results"] == []


def test_a_person_goes_with_what_hangs_on_them(world: World, cast: Cast, sits: SignIn) -> None:
    """The keys and sessions have pages to look at only; they must not hold their person back."""
    page = sits(cast.admin).get(url(User, "delete", cast.owner.pk))
    assert b"requires deleting" not in page.content
    assert sits(cast.admin).post(url(User, "delete", cast.owner.pk), {"post": "yes"}).status_code == 302
    with tenant_scope(cast.team.id):
        assert not User.objects.filter(pk=cast.owner.pk).exists()
        assert not RefreshSession.objects.exists()


@pytest.mark.parametrize("change", [{"role": "user"}, {"is_active": ""}])
def test_a_teams_last_active_admin_stays_one(world: World, cast: Cast, sits: SignIn, change: dict[str, str]) -> None:
    UserFactory(team=cast.team, email="idle@ours.org", role="admin", is_active=False)
    fields = {**person(email="admin@ours.org", role="admin", tier="team"), **change}
    client = sits(cast.operator)
    response = client.post(url(User, "change", cast.admin.pk), fields)
    assert (response.status_code, b"needs at least one active admin" in response.content) == (200, True)
    assert client.post(url(User, "delete", cast.admin.pk), {"post": "yes"}).status_code == 409
    chosen = {"action": "delete_selected", "_selected_action": [str(cast.admin.pk), str(cast.owner.pk)], "post": "yes"}
    assert client.post(url(User, "changelist"), chosen).status_code == 409
    assert (the(User, pk=cast.admin.pk).role, the(User, pk=cast.admin.pk).is_active) == ("admin", True)
    UserFactory(team=cast.team, email="second@ours.org", role="admin")
    assert client.post(url(User, "change", cast.admin.pk), fields).status_code == 302
    assert client.post(url(User, "delete", cast.admin.pk), {"post": "yes"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_let_each_other_out_at_once_one_stays(cast: Cast, sits: SignIn) -> None:
    pair = [cast.admin, UserFactory(team=cast.team, email="second@ours.org", role="admin")]
    clients = [sits(user) for user in pair]

    def let_out(number: int) -> int:
        other = pair[1 - number]
        fields = person(email=other.email, role="admin", is_active="")
        return clients[number].post(url(User, "change", other.pk), fields).status_code

    answers = at_once(2, let_out)
    assert 302 in answers
    assert [the(User, pk=user.pk).is_active for user in pair].count(True) == 1


@pytest.mark.parametrize("who", ["admin", "operator"])
@pytest.mark.parametrize("change", ["demoted", "deactivated", "deleted", "deleted with others"])
def test_invitations_of_an_admin_no_longer_are_withdrawn(
    world: World, cast: Cast, sits: SignIn, who: str, change: str
) -> None:
    second = UserFactory(team=cast.team, email="second@ours.org", role="admin")
    with tenant_scope(cast.team.id):
        for admin in (cast.admin, second):
            invitations.invite(by=admin, email="", role=Role.ADMIN)
    client, fields = sits(getattr(cast, who)), person(email="second@ours.org", role="admin", tier="team")
    match change:
        case "demoted":
            client.post(url(User, "change", second.pk), {**fields, "role": "user"})
        case "deactivated":
            client.post(url(User, "change", second.pk), {**fields, "is_active": ""})
        case "deleted":
            client.post(url(User, "delete", second.pk), {"post": "yes"})
        case _:
            chosen = {"action": "delete_selected", "_selected_action": [str(second.pk)], "post": "yes"}
            client.post(url(User, "changelist"), chosen)
    with tenant_scope(cast.team.id):
        assert not User.objects.filter(id=second.id, role="admin", is_active=True).exists()
        ended = Invitation.objects.exclude(revoked_at=None)
        assert [invitation.invited_by_id for invitation in ended] == [None if "deleted" in change else second.id]
        assert AuditEntry.objects.filter(action="invitation.revoked", object_id=str(ended.get().id)).count() == 1


def test_who_is_deactivated_and_activated_signs_in_again(world: World, cast: Cast, sits: SignIn) -> None:
    client, page, session = sits(cast.operator), sits(cast.owner), world.ours.rows[RefreshSession]
    for is_active in ("", "on"):
        fields = person(email="owner@ours.org", tier="team", is_active=is_active)
        assert client.post(url(User, "change", cast.owner.pk), fields).status_code == 302
    assert the(User, pk=cast.owner.pk).is_active
    assert the(RefreshSession, pk=session.pk).revoked_at is not None
    assert page.get("/profile").status_code == 302


def test_an_operator_takes_no_seat_and_whoever_is_none_any_more_does(world: World, cast: Cast, sits: SignIn) -> None:
    boss = UserFactory(team=cast.team, email="boss@ours.org", is_superuser=True, role="admin", is_active=False)
    cast.team.settings = {"max_users": 3}
    cast.team.save()
    client, fields = sits(cast.operator), person(email="boss@ours.org", tier="team")
    assert client.post(url(User, "change", boss.pk), {**fields, "is_superuser": "on"}).status_code == 302
    assert the(User, pk=boss.pk).is_active
    refused = client.post(url(User, "change", boss.pk), fields)
    assert b"as many people as it may have" in refused.content
    assert the(User, pk=boss.pk).is_superuser


def test_a_team_admin_reads_a_tier_and_is_led_nowhere(world: World, cast: Cast, sits: SignIn) -> None:
    pages = [sits(who).get(url(User, "change", cast.owner.pk)).content.decode() for who in (cast.admin, cast.operator)]
    assert [f"/admin/accounts/tier/{cast.owner.tier_id}/" in page for page in pages] == [False, False]
    assert f'<div class="readonly">{cast.owner.tier_id}</div>' in pages[0]
    assert 'name="tier"' in pages[1]
