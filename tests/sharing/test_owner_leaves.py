"""What becomes of rooms when the person whose chat it is goes: out for a while, or for good."""

import pytest

from sharing import leases
from sharing.actions import change_share, revoke_share
from sharing.exceptions import ShareGone, ShareNotFound
from sharing.models import Participant, Share
from sharing.queries import open_share
from tenants.exceptions import NotFound
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.factories import ChatFactory, ShareFactory


@pytest.fixture
def share(cast):
    return ShareFactory(chat=ChatFactory(user=cast.owner))


def test_a_deactivated_persons_rooms_are_closed_and_open_again_with_them(cast, sits, share):
    client = sits(cast.admin)
    client.post(f"/members/{cast.owner.id}/active", {"active": "0"})
    with pytest.raises(ShareGone):
        open_share(share.token)
    client.post(f"/members/{cast.owner.id}/active", {"active": "1"})
    assert open_share(share.token) == share


def test_a_deleted_persons_links_are_unknown_and_their_log_is_gone(cast, share):
    with tenant_scope(cast.team.id):
        kept = ShareFactory(chat=ChatFactory(user=cast.admin))
        for room in (share, kept):
            leases.join(room)
        revoke_share(share=kept, by=cast.owner)
        cast.owner.delete()
        assert list(Share.objects.all()) == [kept]
        assert [visitor.share for visitor in Participant.objects.all()] == [kept]
        assert Share.objects.get().revoked_by is None
    with pytest.raises(ShareNotFound):
        open_share(share.token)


@pytest.mark.django_db(transaction=True)
def test_a_person_is_deleted_while_visitors_come_and_go_and_links_are_changed(cast, share):
    more = [ShareFactory(chat=ChatFactory(user=cast.owner)) for _ in range(2)]
    rooms = [share, *more]
    with tenant_scope(cast.team.id):
        tokens = [leases.join(room).token for room in rooms]

    def act(number):
        room, token = rooms[number % 3], tokens[number % 3]
        with tenant_scope(cast.team.id):
            try:
                for _ in range(4):
                    if number == 5:
                        cast.owner.delete()
                        return None
                    if number < 3:
                        seat = leases.join(room, token=token, may_wait=True)
                        leases.renew(room.id, [seat.participant.id])
                        leases.leave(room, token=seat.token)
                    else:
                        change_share(share=Share.objects.select_related("chat__user").get(id=room.id), title="x")
            except (NotFound, Share.DoesNotExist) as error:
                return type(error)
        return None

    answers = at_once(8, act)
    assert answers[5] is None
    with tenant_scope(cast.team.id):
        assert not Share.objects.exists()
        assert not Participant.objects.exists()
