"""Places in a room: as many as the link allows, one a person, given by turn and given back once."""

from datetime import timedelta
from itertools import chain
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from chats.actions import delete_chat
from sharing import leases
from sharing.actions import change_share, revoke_share
from sharing.exceptions import ShareFull, ShareGone, ShareNotFound
from sharing.leases import admit, join, leave, let_go, renew, standing
from sharing.models import Participant, Share
from sharing.queries import people_in, people_waiting, share_of
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.factories import AgentFactory, ChatFactory, ShareFactory
from tests.live.people import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def share(cast):
    share = ShareFactory(chat=ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team)), max_concurrent_users=5)
    with tenant_scope(share.team_id):
        yield share_of(share.token)


def in_room(share, times, act):
    """Do something that many times at once; return what came of each, a refusal as its class."""

    def one(number):
        with tenant_scope(share.team_id):
            try:
                return act(number)
            except (ShareFull, ShareGone, ShareNotFound) as refusal:
                return type(refusal)

    return at_once(times, one)


def lapse(*participants, seconds=0):
    ids = [participant.id for participant in participants]
    Participant.objects.filter(id__in=ids).update(lease_until=timezone.now() + timedelta(seconds=seconds))


def test_of_fifty_who_join_at_once_five_come_in(share):
    answers = in_room(share, 50, lambda number: join(share).is_in)
    assert (answers.count(True), answers.count(ShareFull)) == (5, 45)
    assert standing(share) == leases.Standing(5, 5, 0)
    assert Participant.objects.count() == 5


def test_one_who_joins_many_times_at_once_holds_one_place(share):
    token = join(share).token
    seats = in_room(share, 20, lambda number: join(share, token=token))
    assert {seat.participant.id for seat in seats} == {seats[0].participant.id}
    assert standing(share).current_users == 1


def test_a_place_is_given_back_once_however_often_its_holder_leaves(share):
    mine, others = join(share), [join(share) for _ in range(3)]
    tokens = [mine.token, "foreign", "", None, mine.token[:-1]]
    in_room(share, 50, lambda number: leave(share, token=tokens[number % 5]))
    assert standing(share).current_users == 3
    first = Participant.objects.get(id=mine.participant.id).left_at
    assert leave(share, token=mine.token) == 3
    assert Participant.objects.get(id=mine.participant.id).left_at == first
    assert all(people_in(share).filter(id=seat.participant.id).exists() for seat in others)


def test_whoever_leaves_after_their_place_lapsed_has_left_too(share):
    mine = join(share)
    lapse(mine.participant, seconds=-90)
    assert leave(share, token=mine.token) == 0
    left = Participant.objects.get(id=mine.participant.id)
    assert left.left_at == left.lease_until


def test_whoever_comes_and_goes_at_once_never_makes_more_than_fit(share):
    """Ten people join, renew, let go and leave in a mad hurry; the room is looked at all the while."""
    tokens = [join(share, may_wait=True).token for _ in range(10)]
    counts = []

    def hurry(number):
        if number == 10:
            counts.extend(people_in(share).count() for _ in range(60))
            return
        for step in range(4):
            seat = join(share, token=tokens[number], may_wait=True)
            renew(share.id, [seat.participant.id])
            if (number + step) % 3 == 0:
                let_go(share.id, [seat.participant.id])
            if (number + step) % 2:
                leave(share, token=tokens[number])
            admit(share.id)

    in_room(share, 11, hurry)
    assert max(counts) <= 5
    admit(share.id)
    now = standing(share)
    assert now.current_users == min(5, now.current_users + now.waiting)


def somebody_waits():
    """Tell whether somebody stands before a lock, as PostgreSQL alone can say."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


def test_a_lease_that_is_over_is_not_brought_back_beside_its_successor(share):
    """Whoever renews while somebody counts the place as free waits for them, and then finds it gone."""
    change_share(share=share, max_concurrent_users=1)
    mine = join(share).participant
    held = Event()

    def act(number):
        if number == 0:
            held.wait(10)
            return renew(share.id, [mine.id])
        with transaction.atomic():
            Share.objects.select_for_update().get(id=share.id)
            held.set()
            if connection.vendor == "postgresql":
                wait_until(somebody_waits, 10)
            lapse(mine)
            return join(share).participant.id

    renewed, successor = in_room(share, 2, act)
    assert renewed == set()
    assert people_in(share).get().id == successor


def test_a_place_is_free_once_its_lease_is_over(share, settings):
    change_share(share=share, max_concurrent_users=1)
    mine = join(share)
    assert (mine.participant.lease_until - timezone.now()).total_seconds() == pytest.approx(60, abs=5)
    with pytest.raises(ShareFull):
        join(share)
    lapse(mine.participant)
    assert standing(share).current_users == 0
    assert join(share).is_in
    with pytest.raises(ShareFull):
        join(share, token=mine.token)


def test_those_in_line_come_in_by_turn_however_many_places_are_given_at_once(share):
    inside = [join(share) for _ in range(5)]
    line = [join(share, may_wait=True).participant.id for _ in range(6)]
    for seat in inside[:3]:
        leave(share, token=seat.token)
    came = in_room(share, 8, lambda number: admit(share.id))
    assert sorted(map(len, came)) == [0] * 7 + [3]
    assert [*chain(*came)] == line[:3]
    assert list(people_waiting(share).values_list("id", flat=True)) == line[3:]
    leave(share, token=inside[3].token)
    in_room(share, 8, lambda number: admit(share.id))
    assert set(people_in(share).values_list("id", flat=True)) == {inside[4].participant.id, *line[:4]}


def test_nobody_overtakes_those_in_line(share):
    inside = [join(share) for _ in range(5)]
    first = join(share, may_wait=True)
    second = join(share, may_wait=True)
    assert (first.is_in, first.ahead, second.ahead) == (False, 0, 1)
    leave(share, token=inside[0].token)
    with pytest.raises(ShareFull):
        join(share)
    assert not join(share, token=second.token, may_wait=True).is_in
    assert join(share, may_wait=True).ahead == 1  # beside the place that is free
    assert join(share, token=first.token, may_wait=True).is_in


def test_one_who_was_away_from_the_line_goes_to_its_end(share):
    for _ in range(5):
        join(share)
    first, second = join(share, may_wait=True), join(share, may_wait=True)
    lapse(first.participant)
    assert join(share, token=second.token, may_wait=True).ahead == 0
    assert join(share, token=first.token, may_wait=True).ahead == 1


def test_a_line_has_an_end(share, monkeypatch):
    monkeypatch.setattr(leases, "LINE_LENGTH", 3)
    for _ in range(8):
        if standing(share).waiting < 3:
            last = join(share, may_wait=True)
    with pytest.raises(ShareFull):
        join(share, may_wait=True)
    assert join(share, token=last.token, may_wait=True).ahead == 2
    assert Participant.objects.count() == 8


def test_a_lowered_limit_sends_nobody_away_and_lets_nobody_in_until_it_holds(share):
    seats = [join(share) for _ in range(5)]
    change_share(share=share, max_concurrent_users=3)
    waiting = join(share, may_wait=True)
    assert (waiting.is_in, waiting.ahead) == (False, 0)
    for seat in seats[:2]:
        leave(share, token=seat.token)
        assert admit(share.id) == []
    assert join(share, token=seats[4].token).is_in
    leave(share, token=seats[2].token)
    assert admit(share.id) == [waiting.participant.id]
    assert standing(share) == leases.Standing(3, 3, 0)


def test_a_broken_connection_keeps_its_place_for_a_moment_and_a_sign_of_life_for_longer(share):
    mine = join(share).participant
    let_go(share.id, [mine.id])
    mine.refresh_from_db()
    assert timezone.now() < mine.lease_until <= timezone.now() + timedelta(seconds=leases.GRACE_SECONDS)
    assert renew(share.id, [mine.id]) == {mine.id}
    mine.refresh_from_db()
    assert mine.lease_until > timezone.now() + timedelta(seconds=50)
    lapse(mine, seconds=2)
    let_go(share.id, [mine.id])  # never longer than it was
    mine.refresh_from_db()
    assert mine.lease_until <= timezone.now() + timedelta(seconds=2)


def test_neither_the_lapsed_nor_those_who_left_nor_those_of_another_room_are_renewed(share):
    other = ShareFactory(chat=share.chat)
    lapsed, left, foreign = join(share), join(share), join(other)
    lapse(lapsed.participant)
    leave(share, token=left.token)
    ids = [seat.participant.id for seat in (lapsed, left, foreign)]
    before = dict(Participant.objects.values_list("id", "lease_until"))
    assert renew(share.id, ids) == set()
    let_go(share.id, ids)
    assert dict(Participant.objects.values_list("id", "lease_until")) == before


def test_a_token_of_another_room_is_a_strangers(share):
    other = ShareFactory(chat=share.chat)
    theirs = join(other)
    seat = join(share, token=theirs.token)
    assert seat.token != theirs.token
    assert leave(share, token=theirs.token) == 1
    assert standing(other).current_users == 1


def test_a_closed_room_lets_nobody_in(share):
    mine = join(share)
    revoke_share(share=share, by=None)
    assert in_room(share, 4, lambda number: join(share, token=mine.token)) == [ShareGone] * 4
    assert admit(share.id) == []
    assert leave(share, token=mine.token) == 0


def test_a_room_is_closed_for_all_who_come_at_that_moment(share):
    def act(number):
        if number == 5:
            revoke_share(share=share, by=None)
            return None
        return join(share, may_wait=True).is_in

    in_room(share, 12, act)
    with pytest.raises(ShareGone):
        join(share)


def test_a_chat_is_deleted_while_its_visitors_come_and_go(share):
    tokens = [join(share).token for _ in range(5)]

    def act(number):
        if number == 6:
            return delete_chat(chat=share.chat)
        for _ in range(6):
            if number < 5:
                renew(share.id, [join(share, token=tokens[number]).participant.id])
            else:
                join(share, may_wait=True)
        return None

    answers = in_room(share, 12, act)
    assert answers[6] is None
    assert {*answers} <= {None, ShareNotFound}
    assert not Share.objects.exists()
    assert not Participant.objects.exists()
