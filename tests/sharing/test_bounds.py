"""What keeps one address from filling the table, and what a new password does."""

from datetime import timedelta
from ipaddress import ip_address

import pytest
from django.utils import timezone

from accounts.models import RateWindow
from sharing import forgetting
from sharing.actions import change_share
from sharing.entering import enter
from sharing.exceptions import PasswordRequired, ShareFull, ShareNotFound
from sharing.forgetting import forget_visitors
from sharing.leases import join
from sharing.models import Participant, Share
from sharing.queries import participant_of, people_in, share_of
from sharing.visits import visit
from tenants.exceptions import TooManyRequests
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, ShareFactory

pytestmark = pytest.mark.django_db
HERE, THERE = ip_address("192.0.2.7"), ip_address("198.51.100.7")


@pytest.fixture
def share(cast):
    share = ShareFactory(chat=ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team)), max_concurrent_users=2)
    with tenant_scope(share.team_id):
        yield share_of(share.token)


def come(share, token="", address=HERE, **given):
    return enter(visit(share_of(share.token), address, token), **given)


def test_an_address_makes_so_many_new_visitors_a_minute_for_all_links_together(share, settings):
    settings.SHARE_JOINS_PER_MINUTE = 3
    other = ShareFactory(chat=share.chat)
    mine = come(share)
    come(other)
    come(other)
    for link in (share, other):
        with pytest.raises(TooManyRequests):
            come(link)
    assert come(share, mine.token).participant.id == mine.participant.id
    assert come(share, address=THERE).is_in
    assert Participant.objects.count() == 4


def test_being_refused_leaves_no_row_and_costs_nothing(share, settings):
    settings.SHARE_JOINS_PER_MINUTE = 3
    come(share)
    come(share)
    for _ in range(10):
        with pytest.raises(ShareFull):
            come(share)
    assert Participant.objects.count() == 2
    assert RateWindow.objects.get(key__startswith="share-join:").count == 2


def row(share, **fields):
    return Participant.objects.create(share=share, token_hash=str(Participant.objects.count()), **fields)


def test_who_waited_in_vain_is_forgotten_after_a_while_and_the_log_keeps_the_last(share, monkeypatch):
    monkeypatch.setattr(forgetting, "LOG_LENGTH", 2)
    now = timezone.now()
    ago = [now - timedelta(hours=2, minutes=number) for number in range(5)]
    other = ShareFactory(chat=share.chat)
    kept = {
        row(share, lease_until=now + timedelta(seconds=9)).id,  # waits now
        row(share, lease_until=now - timedelta(minutes=5)).id,  # waited lately
        row(share, lease_until=now + timedelta(seconds=9), came_at=ago[4]).id,
        row(share, lease_until=ago[0], came_at=ago[0]).id,
        row(share, lease_until=ago[1], came_at=ago[1]).id,
        row(other, lease_until=ago[4]).id,
    }
    row(share, lease_until=ago[2])  # waited in vain
    row(share, lease_until=ago[2], came_at=ago[2])
    row(share, lease_until=ago[3], came_at=ago[3])
    forget_visitors(share)
    assert set(Participant.objects.values_list("id", flat=True)) == kept


def test_the_first_of_a_minute_tidies_up_a_little(share, monkeypatch):
    monkeypatch.setattr(forgetting, "AT_ONCE", 3)
    long_ago = timezone.now() - timedelta(hours=2)
    for _ in range(7):
        row(share, lease_until=long_ago)
    come(share)
    assert Participant.objects.count() == 4 + 1
    come(share)
    assert Participant.objects.count() == 4 + 2
    with pytest.raises(ShareFull):
        come(share, address=THERE)


def test_a_new_password_puts_everybody_out_until_they_say_it(share):
    mine = come(share)
    waiting = row(share, lease_until=timezone.now() + timedelta(seconds=9))
    change_share(share=share, password="sesame open")
    assert not people_in(share).exists()
    waiting.refresh_from_db()
    assert waiting.left_at is not None
    for given in ({}, {"password": ""}):
        with pytest.raises(PasswordRequired):
            come(share, mine.token, **given)
    assert come(share, mine.token, password="sesame open").participant.id == mine.participant.id
    change_share(share=share, password="")
    assert come(share).is_in


def test_who_comes_in_at_the_very_moment_of_a_new_password_must_say_it_too(share):
    """They looked when there was another password, and are let in after it was changed."""
    mine = come(share)
    looked = share_of(share.token)
    change_share(share=share, password="sesame open")
    for token in (mine.token, None):
        with pytest.raises(PasswordRequired):
            join(looked, token=token)
    assert participant_of(share, mine.token).left_at is not None


def test_a_link_deleted_meanwhile_is_not_changed(share):
    Share.objects.filter(id=share.id).delete()
    with pytest.raises(ShareNotFound):
        change_share(share=share, title="Too late")


def test_who_came_in_once_stays_in_the_log_though_they_wait_again(share):
    share.max_concurrent_users = 1
    share.save()
    first = come(share)
    first.participant.left_at = timezone.now()
    first.participant.save()
    come(share)
    again = come(share, token=first.token, may_wait=True)
    assert (again.participant.joined_at, again.participant.came_at) == (None, first.participant.came_at)
    Participant.objects.filter(id=again.participant.id).update(lease_until=timezone.now() - timedelta(hours=2))
    forget_visitors(share)
    assert Participant.objects.filter(id=again.participant.id).exists()
