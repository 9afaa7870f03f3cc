"""A chat whose person can no longer talk to its agent stays readable and offers nothing that would be refused."""

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, AgentMember, Audience
from chats.consumers import ChatConsumer
from chats.models import Chat
from tenants.scope import tenant_scope
from tests.chats.test_pages import add_exchange, address
from tests.factories import AgentFactory, ChatFactory, RunFactory


def give(agent, user):
    with tenant_scope(agent.team_id):
        AgentMember.objects.create(agent=agent, user=user)


@pytest.fixture(params=["removed", "switched off", "given to others"])
def lost(request, cast):
    """A chat that ends with a failed answer of an agent that its person can no longer talk to."""
    agents = {"switched off": {"is_active": False}, "given to others": {"audience": Audience.CHOSEN}}
    agent = AgentFactory(team=cast.team, **agents[request.param]) if request.param in agents else None
    if agent is not None:
        give(agent, cast.teammate)
    chat = ChatFactory(user=cast.owner, agent=agent)
    add_exchange(chat, status="failed", error_code="AGENT_FAILED")
    return chat


def test_a_lost_agent_leaves_the_chat_readable_and_offers_nothing_that_would_be_refused(owner, lost):
    page = owner.get(address("chat-detail", lost)).content.decode()
    assert "Because" in page
    assert page.count("This agent is no longer available to you.") == 1
    assert "data-retry>" not in page
    assert "data-composer" not in page


def test_what_was_typed_for_a_lost_agent_is_shown_again(owner, lost):
    response = owner.post(address("chat-send", lost), {"content": "My long thoughts"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "The agent of this chat is no longer available to you." in page
    assert "My long thoughts</textarea>" in page
    assert "data-retry>" not in page
    assert owner.post(address("chat-retry", lost)).content.decode().count("no longer available") == 1


def test_who_the_agent_is_given_to_goes_on_at_the_cost_of_one_query(cast, owner, django_assert_num_queries):
    agent = AgentFactory(team=cast.team, audience=Audience.CHOSEN)
    give(agent, cast.owner)
    chat = ChatFactory(user=cast.owner, agent=agent)
    for position in (1, 3, 5):
        add_exchange(chat, position=position, status="failed")
    who_is_asking = 1
    with django_assert_num_queries(who_is_asking + 8):
        page = owner.get(address("chat-detail", chat)).content.decode()
    assert page.count("data-retry>") == 3
    assert "data-composer" in page


def drawn_for_the_socket(user, answer):
    """Draw an answer that ended as the socket of an open page does."""
    consumer = ChatConsumer()
    consumer.user = user
    with tenant_scope(answer.team_id):
        consumer.chat = Chat.objects.select_related("agent").get(id=answer.chat_id)
        return consumer._render(*consumer._load_ended(answer.id))


@pytest.mark.parametrize(("status", "offered"), [("failed", True), ("stopped", True), ("complete", False)])
def test_the_socket_offers_another_try_of_what_did_not_end_well(cast, chat, status, offered):
    answer = add_exchange(chat, status=status)
    assert ("data-retry" in drawn_for_the_socket(cast.owner, answer)) == offered


def test_the_socket_offers_no_try_that_would_be_refused(cast, lost):
    with tenant_scope(lost.team_id):
        answer = lost.messages.get(status="failed")
    assert "data-retry" not in drawn_for_the_socket(cast.owner, answer)


def test_whoever_lost_an_agent_learns_nothing_new_of_it(cast, owner):
    agent = AgentFactory(team=cast.team, name="Old name", audience=Audience.CHOSEN)
    give(agent, cast.owner)
    chats = [ChatFactory(user=cast.owner, agent=agent, title="") for _ in range(2)]
    add_exchange(chats[0])
    RunFactory(user=cast.owner, agent=agent, owner="x", lease_until=timezone.now())
    pages = [*(address("chat-detail", chat) for chat in chats), reverse("chat-list"), reverse("usage")]
    assert all("Old name" in owner.get(page).content.decode() for page in pages)
    with tenant_scope(cast.team.id):
        AgentMember.objects.filter(agent=agent).delete()
        Agent.objects.filter(pk=agent.pk).update(name="Layoffs planner", description="Canary", avatar="data:canary")
    for page in pages:
        text = owner.get(page).content.decode()
        assert "Layoffs" not in text, page
        assert "anary" not in text, page
    assert "Old name" in owner.get(reverse("usage")).content.decode()
