"""What a visitor says: kept and charged once, or refused and nothing of it kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import RateWindow, Tier
from agents.models import Run, RunPurpose
from chats.exceptions import EmptyMessage, MessageTooLong, RunInProgress
from chats.models import Message
from sharing.actions import change_share, revoke_share
from sharing.exceptions import JoinFirst, ShareCannotAnswer, ShareGone, ShareReadOnly, ShareUsedUp
from sharing.leases import join, leave
from sharing.models import Participant, Share
from sharing.queries import share_of
from sharing.speaking import say
from sharing.visits import visit
from tenants.exceptions import TooManyRequests
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.factories import AgentFactory, ChatFactory, MessageFactory, RunFactory, ShareFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def share(cast):
    chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team, name="Ada"))
    share = ShareFactory(chat=chat)
    with tenant_scope(share.team_id):
        yield share_of(share.token)


def visitor(share, name="Vera"):
    return visit(share, None, join(share, name=name).token)


def kept(share):
    """Everything that a message leaves behind."""
    sent = Share.objects.values_list("messages_sent", flat=True).get(id=share.id)
    by_them = sum(Participant.objects.values_list("messages_sent", flat=True))
    rates = RateWindow.objects.filter(key__startswith="share-").exclude(key__startswith="share-try:")
    return Message.objects.count(), Run.objects.count(), sent, by_them, sum(rates.values_list("count", flat=True))


def test_a_visitors_message_is_kept_with_their_name_and_charged_to_the_chats_person(share, cast):
    them = visitor(share)
    say(them, "Hello?")
    question, answer = Message.objects.order_by("position")
    assert (question.content, question.guest_name, question.author_id) == ("Hello?", "Vera", None)
    assert question.guest_id == them.participant.id
    assert (answer.status, answer.run.user_id, answer.run.purpose) == ("complete", cast.owner.id, RunPurpose.SHARE)
    assert kept(share) == (2, 1, 1, 1, 2)


def test_one_who_gave_no_name_is_a_guest(share):
    say(visitor(share, ""), "Hello?")
    assert Message.objects.get(position=1).guest_name == "Guest"


def test_a_message_renews_the_place(share):
    them = visitor(share)
    Participant.objects.update(lease_until=timezone.now() + timedelta(seconds=5))
    say(them, "Still here")
    assert Participant.objects.get().lease_until > timezone.now() + timedelta(seconds=50)


def ends_alive(them):
    leave(them.share, token=them.token)


def set_tier(them, **limits):
    Tier.objects.update_or_create(name="small", defaults=limits)
    type(them.share.chat.user).objects.filter(id=them.share.chat.user_id).update(tier_id="small")


def use_up(them):
    set_tier(them, requests_per_hour=1, runs_per_month=None)
    chat = them.share.chat
    RunFactory(user=chat.user, agent=chat.agent, lease_until=timezone.now(), status="complete")


REFUSED = {
    "a lapsed place": (lambda them: Participant.objects.update(lease_until=timezone.now()), JoinFirst),
    "a place given back": (ends_alive, JoinFirst),
    "a read-only link": (lambda them: change_share(share=them.share, can_write=False), ShareReadOnly),
    "a link used up": (lambda them: change_share(share=them.share, max_messages=0), ShareUsedUp),
    "a revoked link": (lambda them: revoke_share(share=them.share, by=None), ShareGone),
    "an expired link": (lambda them: Share.objects.update(expires_at=timezone.now()), ShareGone),
    "an answer under way": (
        lambda them: MessageFactory(chat=them.share.chat, role="assistant", status="streaming"),
        RunInProgress,
    ),
    "an agent switched off": (lambda them: type(them.share.chat.agent).objects.update(is_active=False), None),
    "no agent": (lambda them: them.share.chat.agent.delete(), None),
    "an owner without a tier": (lambda them: set_tier(them, requests_per_hour=0, runs_per_month=0), None),
    "an owner whose hour is used up": (use_up, None),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_nothing_behind_and_costs_no_rate(share, case):
    """Each is refused at the last moment: whoever speaks was let in when all was well."""
    spoil, refusal = REFUSED[case]
    them = visitor(share)
    spoil(them)
    before = kept(share)
    with pytest.raises(refusal or ShareCannotAnswer) as caught:
        say(them, "Hello?")
    assert kept(share) == before
    if refusal is None:
        assert caught.value.body() == ShareCannotAnswer().body()
        assert caught.value.headers == ShareCannotAnswer().headers


@pytest.mark.parametrize(("content", "refusal"), [(" \n", EmptyMessage), ("x" * 21, MessageTooLong)])
def test_a_text_that_is_empty_or_too_long_is_refused(share, settings, content, refusal):
    settings.SHARE_MESSAGE_CHARS = 20
    with pytest.raises(refusal):
        say(visitor(share), content)
    assert kept(share) == (0, 0, 0, 0, 0)
    say(visitor(share), "x" * 20)


def test_somebody_at_the_door_or_in_line_cannot_speak(share):
    change_share(share=share, max_concurrent_users=1)
    join(share)
    waiting = join(share, may_wait=True)
    for token in ("", "unknown", waiting.token):
        with pytest.raises(JoinFirst):
            say(visit(share, None, token), "Hello?")
    assert kept(share) == (0, 0, 0, 0, 0)


def test_a_visitor_and_a_room_each_have_a_rate(share, settings):
    settings.SHARE_MESSAGES_PER_VISITOR, settings.SHARE_MESSAGES_PER_ROOM = 2, 3
    first, second = visitor(share), visitor(share, "Willy")
    say(first, "1")
    say(first, "2")
    with pytest.raises(TooManyRequests):
        say(first, "too many of one")
    say(second, "3")
    with pytest.raises(TooManyRequests):
        say(second, "too many of all")
    assert kept(share)[:4] == (6, 3, 3, 3)
    assert RateWindow.objects.get(key=f"share-visitor:{second.participant.id}").count == 1


def test_tries_while_an_answer_is_written_hold_no_chat_and_are_limited(share, monkeypatch):
    monkeypatch.setattr("accounts.limits.SHARE_TRIES_PER_VISITOR", 3)
    monkeypatch.setattr("sharing.speaking.start_answer", None)
    MessageFactory(chat=share.chat, role="assistant", status="streaming")
    them, other = visitor(share), visitor(share, "Willy")
    for _ in range(3):
        with pytest.raises(RunInProgress):
            say(them, "Now?")
    with pytest.raises(TooManyRequests):
        say(them, "Now?")
    with pytest.raises(RunInProgress):
        say(other, "Now?")


def test_of_twenty_who_speak_at_once_one_is_heard_and_the_count_is_right(share):
    people = [visitor(share, f"V{number}") for number in range(10)]

    def speak(number):
        with tenant_scope(share.team_id):
            try:
                say(people[number % 10], f"{number}")
            except (RunInProgress, TooManyRequests) as refusal:
                return type(refusal)
        return None

    answers = at_once(20, speak)
    heard = answers.count(None)
    assert heard >= 1
    assert kept(share) == (2 * heard, heard, heard, heard, 2 * heard)
    assert not Message.objects.filter(status="streaming").exists()


def test_the_last_message_of_a_link_is_sent_once(share):
    """The agent answers at once here, so the next in line finds no answer under way: only the count keeps them out."""
    change_share(share=share, max_messages=3)
    people = [visitor(share, f"V{number}") for number in range(8)]

    def speak(number):
        with tenant_scope(share.team_id):
            try:
                say(people[number], f"{number}")
            except (RunInProgress, ShareUsedUp) as refusal:
                return type(refusal)
        return None

    for _ in range(4):
        at_once(8, speak)
    assert kept(share)[:4] == (6, 3, 3, 3)
