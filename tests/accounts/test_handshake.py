"""A socket's headers are judged like a request's, also where a name stands in several lines."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync

from accounts.principal import Principal
from tenants.middleware import PrincipalSocketMiddleware
from tests.accounts.conftest import ApiClient
from tests.keys import new_key

pytestmark = pytest.mark.django_db(transaction=True)
Line = tuple[str, str]


def who_opens(*lines: Line, peer: str = "10.0.0.1") -> Principal | None:
    """Return who opens a socket with these headers, None for nobody."""
    found: list[Principal | None] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["principal"])

    async def send(event: Any) -> None:
        found.append(None)

    headers = [(name.encode(), value.encode()) for name, value in (("host", "testserver"), *lines)]
    scope = {"headers": headers, "client": (peer, 1), "scheme": "ws"}
    async_to_sync(PrincipalSocketMiddleware(inner))(scope, None, send)
    return found[0]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "lets_in"),
    [
        (1, ["203.0.113.1", "192.0.2.7"], True),
        (1, ["192.0.2.7", "203.0.113.1"], False),
        (2, ["192.0.2.7", "203.0.113.1"], True),
        (2, ["192.0.2.7, 203.0.113.1", "203.0.113.2"], False),
        (2, ["192.0.2.7"], False),
    ],
)
def test_the_way_through_the_proxies_may_stand_in_several_lines(
    cast: Any, settings: Any, proxies: int, forwarded: list[str], lets_in: bool
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    _, text = new_key(cast.owner, allowed_networks=["192.0.2.0/24"])
    way = [("x-forwarded-for", part) for part in forwarded]
    assert (who_opens(("x-api-key", text), *way) is not None) is lets_in


def test_two_keys_are_none(cast: Any) -> None:
    keys = [("x-api-key", new_key(cast.owner)[1]) for _ in range(2)]
    assert who_opens(keys[0]) is not None
    assert who_opens(*keys) is None


def test_cookies_may_stand_in_several_lines(cast: Any, api: ApiClient) -> None:
    token = api.login().cookies["access_token"].value
    lines = [("cookie", f"access_token={token}"), ("Cookie", "theme=dark"), ("origin", "http://testserver")]
    assert who_opens(*lines) is not None
    assert who_opens(*lines, ("origin", "http://testserver")) is None


def test_of_several_proxies_the_first_says_whether_the_page_came_encrypted(
    cast: Any, api: ApiClient, settings: Any
) -> None:
    settings.TRUSTED_PROXY_COUNT = 2
    token = api.login().cookies["access_token"].value
    lines = [("cookie", f"access_token={token}"), ("origin", "https://testserver")]
    assert who_opens(*lines, ("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")) is not None
    assert who_opens(*lines, ("x-forwarded-proto", "http"), ("x-forwarded-proto", "https")) is None
