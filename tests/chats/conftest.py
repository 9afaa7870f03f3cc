"""A person with a chat, and a client that is signed in as them."""

import pytest

from tests.factories import ChatFactory


@pytest.fixture
def owner(cast, client_of):
    return client_of(cast.owner)


@pytest.fixture
def chat(cast):
    return ChatFactory(user=cast.owner, title="Numbers")
