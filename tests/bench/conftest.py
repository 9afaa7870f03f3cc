"""People who sit before a browser, as in the isolation suite."""

from tests.isolation.conftest import SignIn, sits

__all__ = ["SignIn", "sits"]
