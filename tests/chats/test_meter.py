"""What people with limits see of them, and how a refusal reaches each way in."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Tier
from agents.models import Run, RunStatus
from agents.relay import ledger
from agents.relay.ledger import Closing
from agents.relay.transcript import Ending
from chats.models import Message
from tenants.scope import tenant_scope
from tests.factories import ChatFactory, MessageFactory, RunFactory, UserFactory

JSON = {"accept": "application/json"}
EVENTS = {"accept": "text/event-stream"}
HEADERS = {"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}


@pytest.fixture
def no_agent_is_called(monkeypatch):
    monkeypatch.setattr("agents.relay.launch", lambda run, call: None)


@pytest.fixture
def asker(cast, no_agent_is_called):
    """Somebody with three calls an hour and ten a month."""
    Tier.objects.create(name="small", requests_per_hour=3, runs_per_month=10)
    return UserFactory(team=cast.team, tier_id="small")


@pytest.fixture
def chat(asker):
    """A chat whose last answer failed, so that it can be tried again."""
    chat = ChatFactory(user=asker)
    MessageFactory(chat=chat, position=1, content="Why?")
    MessageFactory(chat=chat, position=2, role="assistant", status="failed", content="", error_code="AGENT_FAILED")
    return chat


@pytest.fixture
def client(client_of, asker):
    return client_of(asker)


def use_up(asker):
    now = timezone.now()
    for minutes in (50, 20, 10):
        RunFactory(user=asker, started_at=now - timedelta(minutes=minutes), lease_until=now, status="complete")


def page_of(client, chat):
    return client.get(reverse("chat-detail", args=[chat.id])).content.decode()


def kept(chat):
    with tenant_scope(chat.team_id):
        return Message.objects.filter(chat=chat).count(), Run.objects.filter(status="running").count()


def words(html):
    return " ".join(html.split())


def test_the_page_says_how_many_calls_are_left(client, chat, asker):
    assert "3 of 3 calls left this hour" in page_of(client, chat)
    RunFactory(user=asker, lease_until=timezone.now(), status="complete")
    page = page_of(client, chat)
    assert "2 of 3 calls left this hour" in page
    assert "9 of 10 calls left this month" in page
    assert '<progress max="3" value="1"' in words(page)


def test_used_up_the_page_says_when_the_next_call_is_free_and_still_lets_write(client, chat, asker):
    use_up(asker)
    page = words(page_of(client, chat))
    assert "No calls left this hour: the next one is free at " in page
    assert "7 of 10 calls left this month" in page
    assert page.count("is-full") == 1
    assert "data-composer" in page


def test_with_both_used_up_only_the_later_is_said_to_free_a_call(client, chat, asker):
    use_up(asker)
    Tier.objects.filter(name="small").update(runs_per_month=3)
    page = words(page_of(client, chat))
    assert page.count("the next one is free") == 1
    assert "No calls left this hour " in page or "No calls left this month " in page


def test_people_without_limits_see_none_and_cost_no_count(cast, owner, client, chat, django_assert_num_queries):
    unlimited = MessageFactory(chat=ChatFactory(user=cast.owner)).chat
    page = page_of(owner, unlimited)
    assert "data-composer" in page
    assert "<progress" not in page
    page_of(client, chat)  # which is noted to be read
    who_is_asking, page_itself, count = 1, 7, 1
    with django_assert_num_queries(who_is_asking + page_itself):
        page_of(owner, unlimited)
    with django_assert_num_queries(who_is_asking + page_itself + count):
        page_of(client, chat)


def test_who_may_not_call_is_told_so_before_writing(client_of, chat, asker, cast):
    nobody = UserFactory(team=cast.team, tier_id="none")
    its_chat = ChatFactory(user=nobody)
    client = client_of(nobody)
    page = page_of(client, its_chat)
    assert "You have no tier that allows calls of agents." in page
    assert "data-composer" not in page
    assert "<progress" not in page
    refused = client.post(reverse("chat-send", args=[its_chat.id]), {"content": "My thoughts"})
    shown = refused.content.decode()
    assert refused.status_code == 403
    assert "You have no tier that allows calls of agents." in shown
    assert "My thoughts" in shown, "what was typed is lost"
    script = client.post(reverse("chat-send", args=[its_chat.id]), {"content": "x"}, headers=JSON)
    api = client.post(f"/api/chats/{its_chat.id}/messages", {"content": "x"}, content_type="application/json")
    for answer in (script, api):
        assert (answer.status_code, answer.json()["error_code"]) == (403, "TIER_REQUIRED")
    assert kept(its_chat) == (0, 0)


WAYS_IN = {
    "the API": lambda client, chat: client.post(
        f"/api/chats/{chat.id}/messages", {"content": "Hi"}, content_type="application/json"
    ),
    "the API's events": lambda client, chat: client.post(
        f"/api/chats/{chat.id}/messages", {"content": "Hi"}, content_type="application/json", headers=EVENTS
    ),
    "the page's script": lambda client, chat: client.post(
        reverse("chat-send", args=[chat.id]), {"content": "Hi"}, headers=JSON
    ),
    "the script's second try": lambda client, chat: client.post(reverse("chat-retry", args=[chat.id]), headers=JSON),
    "the page": lambda client, chat: client.post(reverse("chat-send", args=[chat.id]), {"content": "Hi there"}),
    "the page's second try": lambda client, chat: client.post(reverse("chat-retry", args=[chat.id])),
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_refusal_reaches_every_way_in_and_keeps_nothing(client, chat, asker, way):
    use_up(asker)
    before = kept(chat)
    refused = WAYS_IN[way](client, chat)
    assert refused.status_code == 429
    headers = {name: refused.headers[name] for name in HEADERS}
    assert (headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == ("3", "0")
    assert headers["RateLimit-Reset"] == headers["Retry-After"]
    assert 590 <= int(headers["Retry-After"]) <= 600
    sentence = "Your tier allows 3 calls of agents an hour. The next one is free at "
    if refused.headers["Content-Type"].startswith("application/json"):
        assert refused.json()["error_code"] == "QUOTA_EXCEEDED"
        assert refused.json()["detail"].startswith(sentence)
    else:
        assert sentence in refused.content.decode()
    assert kept(chat) == before


def test_a_refused_message_stays_in_the_field(client, chat, asker):
    use_up(asker)
    refused = client.post(reverse("chat-send", args=[chat.id]), {"content": "My long <thoughts>"})
    assert "My long &lt;thoughts&gt;" in refused.content.decode()


def test_a_script_gets_the_meter_with_each_answer(client, chat, asker):
    taken = client.post(reverse("chat-send", args=[chat.id]), {"content": "Hi"}, headers=JSON)
    assert taken.status_code == 202
    assert "2 of 3 calls left this hour" in taken.json()["meter"]
    use_up(asker)
    refused = client.post(reverse("chat-retry", args=[ChatFactory(user=asker).id]), headers=JSON)
    assert "No calls left this hour" in refused.json()["meter"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_an_answer_of_the_api_says_what_is_left(client, chat, asker, accept, monkeypatch):
    complete = Ending(RunStatus.COMPLETE)
    monkeypatch.setattr(
        "agents.relay.wait", lambda run: ledger.close_run(Closing(run.id, run.team_id, "Hello", 0, complete))
    )
    address, body = f"/api/chats/{chat.id}/messages", {"content": "Hi"}
    headers = {"accept": accept, "idempotency-key": "once"}
    taken = client.post(address, body, content_type="application/json", headers=headers)
    assert {name: taken.headers.get(name) for name in HEADERS} == {
        "Retry-After": None,
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "2",
        "RateLimit-Reset": "3600",
    }
    replayed = client.post(address, body, content_type="application/json", headers=headers)
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert "2 of 3 calls left this hour" in page_of(client, chat)
