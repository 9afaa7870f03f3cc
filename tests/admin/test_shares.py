"""Links in the administration: looked at, revoked, and never a way into a room."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from chats.models import Chat
from sharing import leases
from sharing.events import share_group
from sharing.models import Participant, Share
from tenants import groups
from tenants.scope import tenant_scope
from tests.admin.conftest import SignIn
from tests.admin.forms import the
from tests.admin.test_every_page import text_of, url
from tests.conftest import Cast
from tests.factories import ShareFactory
from tests.isolation.conftest import World


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What groups are told once it is committed."""
    found: list[Any] = []

    async def tell(group: str, event: dict[str, Any]) -> None:
        found.append((group, event))

    monkeypatch.setattr(groups, "tell", tell)
    return found


def revoke(client: Any, *shares: Share) -> Any:
    chosen = {"action": "revoke", "_selected_action": [str(share.pk) for share in shares]}
    return client.post(url(Share, "changelist"), chosen, follow=True)


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_a_link_is_shown_without_what_opens_it(world: World, cast: Cast, sits: SignIn, who: str) -> None:
    share = ShareFactory(chat=world.ours.chat, title="with a password", password="open sesame")
    with tenant_scope(cast.team.id):
        leases.join(share, name="Ada")
    client = sits(getattr(cast, who))
    for page in (url(Share, "changelist"), url(Share, "change", share.pk)):
        text = text_of(client.get(page))
        assert all(word in text for word in ("with a password", cast.owner.email, "1 of 10", "Open"))
        secrets = (share.token, share.token_hash, share.sealed_token, share.password_hash)
        assert [word for word in secrets if word in text] == []


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_links_are_revoked_each_in_its_own_team(
    world: World, cast: Cast, sits: SignIn, told: list[Any], django_capture_on_commit_callbacks: Any, who: str
) -> None:
    ours, theirs = world.ours.rows[Share], world.theirs.rows[Share]
    with django_capture_on_commit_callbacks(execute=True):
        answer = revoke(sits(getattr(cast, who)), ours, theirs)
    both = who == "operator"
    assert f"Revoked: {2 if both else 1}." in text_of(answer)
    assert the(Share, pk=ours.pk).ending == "revoked"
    assert the(Share, pk=ours.pk).revoked_by_id == (None if both else cast.admin.pk)
    assert the(Share, pk=theirs.pk).revoked_at is None or both
    with tenant_scope(cast.team.id):
        entry = AuditEntry.objects.get(action="share.revoked")
        our_room = share_group(ours.pk)
    name = "An operator" if both else cast.admin.email
    assert (entry.actor_name, entry.object_name) == (name, f"a chat of {cast.owner.email}")
    ended = [group for group, event in told if event == {"type": "share.ended", "reason": "revoked"}]
    assert our_room in ended
    assert len(ended) == (2 if both else 1)


def test_what_was_revoked_before_is_not_counted_again(world: World, cast: Cast, sits: SignIn) -> None:
    client, share = sits(cast.admin), world.ours.rows[Share]
    assert "Revoked: 1." in text_of(revoke(client, share))
    before = the(Share, pk=share.pk).revoked_at
    assert "Revoked: 0." in text_of(revoke(client, share))
    assert the(Share, pk=share.pk).revoked_at == before


def test_links_and_their_log_go_with_the_chat(world: World, cast: Cast, sits: SignIn) -> None:
    client, share = sits(cast.admin), world.ours.rows[Share]
    assert client.post(url(Chat, "delete", world.ours.chat.pk), {"post": "yes"}).status_code == 302
    with tenant_scope(cast.team.id):
        assert not Share.objects.filter(pk=share.pk).exists()
        assert not Participant.objects.exists()
    with tenant_scope(cast.other_team.id):
        assert Participant.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        ("Revoked", {"revoked_at": timezone.now()}),
        ("Expired", {"expires_at": timezone.now() - timedelta(days=1)}),
        ("Open", {}),
    ],
)
def test_it_says_how_a_link_stands(world: World, cast: Cast, sits: SignIn, state: str, changes: dict[str, Any]) -> None:
    share = world.ours.rows[Share]
    with tenant_scope(cast.team.id):
        Share.objects.filter(pk=share.pk).update(**changes)
    assert f'<td class="field-stands">{state}</td>' in text_of(sits(cast.admin).get(url(Share, "changelist")))


@pytest.mark.parametrize("secret", ["token_hash", "sealed_token", "password_hash"])
def test_no_secret_of_a_link_can_be_asked_for(world: World, cast: Cast, sits: SignIn, secret: str) -> None:
    share = world.ours.rows[Share]
    for who in (cast.admin, cast.operator):
        client = sits(who)
        for lookup in (secret, f"{secret}__in"):
            answer = client.get(url(Share, "changelist"), {lookup: getattr(share, secret)})
            assert answer.status_code in {302, 400}, lookup
        assert client.get(url(Participant, "changelist"), {f"share__{secret}": "x"}).status_code in {302, 400}
