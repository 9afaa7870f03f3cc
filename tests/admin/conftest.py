"""The same furnished teams and people as in the isolation suite."""

from tests.isolation.conftest import SignIn, quick_passwords, sits, world

__all__ = ["SignIn", "quick_passwords", "sits", "world"]
