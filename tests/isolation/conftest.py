from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Cast
from tests.isolation.world import Side, furnish


@dataclass
class World:
    ours: Side
    theirs: Side


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Spare hundreds of tests the slow hash of their cast's passwords."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def world(cast: Cast) -> World:
    """Our team has the agents o1 and o2, theirs t1, t2 and t3; both have a row of every model."""
    return World(furnish(cast.owner, agents=2), furnish(cast.outsider, agents=3))
