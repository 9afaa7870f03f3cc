"""People who sit before a browser, as in the isolation suite; a chat of which something was said, and a link to it."""

import pytest

from tests.factories import AgentFactory, ChatFactory, MessageFactory, ShareFactory
from tests.isolation.conftest import SignIn, sits

__all__ = ["SignIn", "chat", "share", "sits"]


@pytest.fixture
def chat(cast):
    chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team, name="Ada"), title="Bread")
    MessageFactory(chat=chat, author=cast.owner, position=1, content="How long does it rise?")
    MessageFactory(chat=chat, role="assistant", position=2, content="Twelve hours.")
    return chat


@pytest.fixture
def share(chat):
    return ShareFactory(chat=chat, title="Baking", description="Come and see", max_concurrent_users=2)
