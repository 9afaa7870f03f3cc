"""Keys, identities and invitations in the administration: seen, taken back, and no secret of theirs shown."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit import AuditAction
from accounts.models import ApiKey, ExternalIdentity, Invitation
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.admin.conftest import SignIn
from tests.admin.forms import the
from tests.admin.test_audit import log
from tests.admin.test_every_page import text_of, url
from tests.conftest import Cast
from tests.factories import UserFactory
from tests.isolation.conftest import World
from tests.keys import new_key, with_key


def choose(client: Client, model: Any, action: str, *rows: Any) -> Any:
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(url(model, "changelist"), chosen, follow=True)


def test_a_key_is_shown_by_what_its_owner_knows_and_by_no_secret(world: World, cast: Cast, sits: SignIn) -> None:
    key, text = new_key(cast.owner, ["agents:read", "chats:read"], allowed_networks=["192.0.2.0/24"])
    of_team, _ = new_key(cast.team, ["users:sync"])
    for who in (cast.admin, cast.operator):
        client = sits(who)
        listed = text_of(client.get(url(ApiKey, "changelist")))
        shown = text_of(client.get(url(ApiKey, "change", key.pk)))
        assert all(mark in listed for mark in (key.key_prefix, "owner@ours.org", "1 scope", "2 scopes", "the team"))
        assert all(mark in shown for mark in ("192.0.2.0/24", "agents:read, chats:read"))
        for page in (listed, shown, text_of(client.get(url(ApiKey, "change", of_team.pk)))):
            assert text not in page
            assert key.key_hash not in page
            assert text[20:40] not in page


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_a_revoked_key_opens_nothing_any_more_and_is_recorded_once(
    world: World, cast: Cast, sits: SignIn, who: str
) -> None:
    key, text = new_key(cast.owner)
    of_team, _ = new_key(cast.team)
    assert Client().get("/api/auth/me", headers=with_key(text)).status_code == 200
    client = sits(getattr(cast, who))
    assert b"Revoked: 2." in choose(client, ApiKey, "revoke", key, of_team).content
    assert b"Revoked: 0." in choose(client, ApiKey, "revoke", key).content
    assert Client().get("/api/auth/me", headers=with_key(text)).status_code == 401
    revoked = log(cast.team, AuditAction.KEY_REVOKED)
    assert {entry.object_id for entry in revoked} == {str(key.id), str(of_team.id)}
    assert len(revoked) == 2
    assert log(cast.other_team, AuditAction.KEY_REVOKED) == []


def test_keys_of_others_and_of_operators_stay(world: World, cast: Cast, sits: SignIn) -> None:
    boss = UserFactory(team=cast.team, email="boss@ours.org", role="admin", is_superuser=True)
    hidden, _ = new_key(boss)
    client = sits(cast.admin)
    assert "boss@ours.org" not in text_of(client.get(url(ApiKey, "changelist")))
    assert client.get(url(ApiKey, "change", hidden.pk)).status_code == 302
    choose(client, ApiKey, "revoke", hidden, world.theirs.rows[ApiKey])
    with unsafe_all_tenants(reason="look"):
        assert not ApiKey.objects.exclude(revoked_at=None).exists()
    assert "boss@ours.org" in text_of(sits(cast.operator).get(url(ApiKey, "changelist")))


@pytest.mark.parametrize("model", [ApiKey, Invitation])
@pytest.mark.parametrize("who", ["admin", "operator"])
def test_no_hash_can_be_asked_about(world: World, cast: Cast, sits: SignIn, model: Any, who: str) -> None:
    field = "key_hash" if model is ApiKey else "token_hash"
    client = sits(getattr(cast, who))
    for lookup in (field, f"{field}__startswith", f"{field}__gt"):
        assert client.get(url(model, "changelist"), {lookup: "0"}).status_code == 400
    assert client.get(url(model, "changelist"), {"q": getattr(world.ours.rows[model], field)}).status_code == 200
    assert (
        client.get(url(model, "changelist"), {"q": getattr(world.ours.rows[model], field)}).context["cl"].result_count
        == 0
    )


def test_an_identity_is_unlinked_and_its_person_stays(world: World, cast: Cast, sits: SignIn) -> None:
    identity = world.ours.rows[ExternalIdentity]
    client = sits(cast.admin)
    assert client.post(url(ExternalIdentity, "change", identity.pk), {"subject": "other"}).status_code == 403
    assert client.post(url(ExternalIdentity, "delete", identity.pk), {"post": "yes"}).status_code == 302
    with tenant_scope(cast.team.id):
        assert not ExternalIdentity.objects.exists()
        assert type(cast.owner).objects.filter(pk=cast.owner.pk).exists()


def test_an_open_invitation_is_withdrawn_and_an_accepted_one_is_not(world: World, cast: Cast, sits: SignIn) -> None:
    soon = timezone.now() + timedelta(days=1)
    with tenant_scope(cast.team.id):
        opened = Invitation.objects.create(email="x@ours.org", token_hash="a" * 64, expires_at=soon)
        used = Invitation.objects.create(token_hash="b" * 64, expires_at=soon, accepted_at=timezone.now())
    for who, count in ((cast.other_admin, 0), (cast.admin, 1), (cast.operator, 0)):
        response = choose(sits(who), Invitation, "withdraw", opened, used)
        assert f"Withdrawn: {count}." in response.content.decode() or (count, who) == (0, cast.other_admin)
    assert the(Invitation, pk=opened.pk).revoked_at is not None
    assert the(Invitation, pk=used.pk).revoked_at is None
    assert len(log(cast.team, AuditAction.INVITATION_REVOKED)) == 1


def test_an_operator_who_invited_somebody_has_no_name_in_the_team(world: World, cast: Cast, sits: SignIn) -> None:
    boss = UserFactory(team=cast.team, email="boss@ours.org", role="admin", is_superuser=True)
    invitation = world.ours.rows[Invitation]
    with tenant_scope(cast.team.id):
        Invitation.objects.filter(pk=invitation.pk).update(invited_by=boss)
    for page in (url(Invitation, "changelist"), url(Invitation, "change", invitation.pk)):
        assert "boss@ours.org" not in text_of(sits(cast.admin).get(page))
        assert "An operator" in text_of(sits(cast.admin).get(page))
        assert "boss@ours.org" in text_of(sits(cast.operator).get(page))
