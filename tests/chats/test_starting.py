"""From the kept question to the call of the agent nothing gets in between."""

import asyncio
from unittest.mock import AsyncMock, Mock

import pytest

from chats.actions import start_answer
from chats.speakers import Speaker
from tenants import groups
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("title", ["", "Known"])
def test_a_client_that_leaves_while_others_are_told_does_not_keep_the_agent_from_being_called(cast, monkeypatch, title):
    chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team), title=title)
    launch = Mock()
    monkeypatch.setattr("agents.relay.launch", launch)
    monkeypatch.setattr(groups, "tell", AsyncMock(side_effect=asyncio.CancelledError))
    with tenant_scope(cast.team.id), pytest.raises(asyncio.CancelledError):
        start_answer(chat_id=chat.id, speaker=Speaker(cast.owner), content="Hello")
    launch.assert_called_once()


@pytest.mark.django_db(transaction=True)
def test_a_title_made_from_what_was_said_holds_no_control_character(cast, monkeypatch):
    monkeypatch.setattr("agents.relay.launch", Mock())
    titles = []
    for content in ("\x1b[31mHow\n long\x07?\x9f", "\x1b"):
        chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team), title="")
        with tenant_scope(cast.team.id):
            start_answer(chat_id=chat.id, speaker=Speaker(cast.owner), content=content)
            chat.refresh_from_db()
        titles.append(chat.title)
    assert titles == ["[31mHow long?", ""]
