"""Who asks for agents."""

import pytest


@pytest.fixture
def admin(cast, client_of):
    return client_of(cast.admin)


@pytest.fixture
def member(cast, client_of):
    return client_of(cast.owner)
