"""The same furnished teams and people as in the isolation suite."""

from tests.isolation.conftest import SignIn, sits, world

__all__ = ["SignIn", "sits", "world"]
