"""A conversation copied into a chat of one's own, across the wall between two teams."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from chats.exceptions import UnknownAgent
from chats.models import Attachment, Chat, Message
from chats.queries import own_chats, with_unread
from sharing.actions import revoke_share
from sharing.exceptions import ForkNotAllowed, ShareGone
from sharing.forking import copy_conversation
from sharing.queries import share_of
from tenants.exceptions import NoTeamInScope
from tenants.scope import find_scope, tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory, ShareFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(cast):
    """A chat in which there is more than visitors may see."""
    chat = ChatFactory(
        user=cast.owner,
        agent=AgentFactory(team=cast.team, name="Ada"),
        title="canary-chat-title",
        conversation_id="canary-conversation",
        metadata={"note": "canary-metadata"},
    )
    noon = timezone.now() - timedelta(days=3)
    said = [
        {"content": "canary-before the link"},
        {"content": "By the host", "author": cast.owner, "timestamp": noon},
        {"role": "assistant", "content": "An answer", "notices": [{"id": 1, "title": "canary-notice"}]},
        {"content": "By a colleague", "author": UserFactory(team=cast.team, email="m@ours.org", full_name="")},
        {"role": "assistant", "content": "canary-half", "status": "interrupted", "error_code": "AGENT_TIMEOUT"},
        {"content": "By a guest", "guest_id": chat.id, "guest_name": "Vera"},
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": "canary-growing", "status": "streaming"},
    ]
    for position, fields in enumerate(said, start=1):
        message = MessageFactory(chat=chat, position=position, **fields)
        if position == 2:
            with tenant_scope(cast.team.id):
                Attachment.objects.create(message=message, position=1, name="canary-file", size=1, data=b"x")
    return chat


@pytest.fixture
def share(chat):
    made = ShareFactory(chat=chat, title="For you", can_fork=True)
    with tenant_scope(made.team_id):
        type(made).objects.update(from_position=2)
    return share_of(made.token)


@pytest.fixture
def agent(cast):
    return AgentFactory(team=cast.other_team, name="Theirs")


def test_it_holds_what_visitors_see_and_says_who_said_it(share, cast, agent):
    copy = copy_conversation(share, cast.outsider, agent.id)
    assert find_scope() is None
    with tenant_scope(cast.other_team.id):
        copy = Chat.objects.get(id=copy.id)
        assert (copy.user_id, copy.agent_id, copy.title) == (cast.outsider.id, agent.id, "For you")
        assert (copy.conversation_id, copy.metadata) == ("", {})
        rows = list(copy.messages.values_list("position", "role", "content", "guest_name"))
        assert rows == [
            (1, "user", "By the host", cast.owner.full_name),
            (2, "assistant", "An answer", ""),
            (3, "user", "By a colleague", "A member"),
            (4, "user", "By a guest", "Vera"),
        ]
        for message in copy.messages.all():
            assert (message.author_id, message.guest_id, message.run_id, message.notices) == (None, None, None, [])
            assert (message.status, message.error_code) == ("complete", "")
        assert copy.messages.get(position=1).timestamp < timezone.now() - timedelta(days=2)
        assert "canary" not in str([*copy.messages.values(), *Chat.objects.values()])
        assert not Attachment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_copied_chat_can_be_gone_on_with(share, cast, agent, client_of):
    copy = copy_conversation(share, cast.outsider, agent.id)
    with tenant_scope(cast.other_team.id):
        assert [chat.unread for chat in with_unread(own_chats(cast.outsider), cast.outsider)] == [0]
    client = client_of(cast.outsider)
    assert client.post(f"/api/chats/{copy.id}/messages", {"content": "And then?"}).status_code == 200
    shown = client.get(f"/api/chats/{copy.id}").json()
    assert [message["content"] for message in shown["messages"]][3:5] == ["By a guest", "And then?"]
    page = client.get(f"/chats/{copy.id}").content.decode()
    assert "By a guest" in page
    assert "Vera" in page
    assert escape(cast.owner.full_name) in page


def test_a_colleague_of_the_owner_may_copy_into_their_own_team(share, cast, chat):
    copy = copy_conversation(share, cast.teammate, chat.agent_id)
    with tenant_scope(cast.team.id):
        assert Chat.objects.get(id=copy.id).user_id == cast.teammate.id
        assert Message.objects.filter(chat=chat).count() == 8


def test_it_needs_an_agent_that_the_person_may_use(share, cast, chat, agent):
    inactive = AgentFactory(team=cast.other_team, is_active=False)
    chosen = AgentFactory(team=cast.other_team, audience="chosen")
    for foreign in (chat.agent_id, inactive.id, chosen.id, share.id):
        with pytest.raises(UnknownAgent):
            copy_conversation(share, cast.outsider, foreign)
    with tenant_scope(cast.other_team.id):
        assert not Chat.objects.exists()
    copy_conversation(share, cast.other_admin, chosen.id)


def test_it_needs_leave_and_an_open_link(share, cast, agent):
    with tenant_scope(share.team_id):
        type(share).objects.update(can_fork=False)
    with pytest.raises(ForkNotAllowed):
        copy_conversation(share_of(share.token), cast.outsider, agent.id)
    with tenant_scope(share.team_id):
        type(share).objects.update(can_fork=True)
        revoke_share(share=share, by=None)
    with pytest.raises(ShareGone):
        copy_conversation(share_of(share.token), cast.outsider, agent.id)
    with tenant_scope(cast.other_team.id):
        assert not Chat.objects.exists()


def test_a_copy_that_fails_halfway_leaves_nothing(share, cast, agent, monkeypatch):
    from sharing import forking

    def broken(chat, conversation):
        raise RuntimeError

    monkeypatch.setattr(forking, "_rows", broken)
    with pytest.raises(RuntimeError):
        copy_conversation(share, cast.outsider, agent.id)
    with tenant_scope(cast.other_team.id):
        assert not Chat.objects.exists()


def test_nothing_of_the_links_team_is_in_scope_after_it(share, cast, agent):
    copy_conversation(share, cast.outsider, agent.id)
    with pytest.raises(NoTeamInScope):
        Chat.objects.count()
