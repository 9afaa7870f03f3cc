"""Who is asking, beside what hosts and proxies add to a request."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync

from accounts.resolver import from_handshake
from tests.accounts.conftest import ApiClient


@pytest.fixture
def cookie(cast: Any, api: ApiClient) -> str:
    return f"access_token={api.login().cookies['access_token'].value}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("odd", ["user@x=1", "a,b=1", "foo(1)=x", 'prefs={"a": 1}', "=", "bare"])
def test_odd_cookies_of_the_host_do_not_matter_to_a_socket(cookie: str, odd: str) -> None:
    principal = async_to_sync(from_handshake)({"Cookie": f"{odd}; {cookie}"}, peer="", cookies_count=True)
    assert principal is not None
    assert principal.user.email == "owner@ours.org"


@pytest.mark.parametrize("foreign", ["Basic dTpw", "Digest x", "x", "Negotiate abc=="])
def test_a_proxys_own_sign_in_does_not_hide_the_cookie(cookie: str, foreign: str) -> None:
    def ask(headers: dict[str, str]) -> int:
        return ApiClient(headers=headers).get("/api/auth/me").status_code

    assert ask({"authorization": foreign, "cookie": cookie}) == 200
    assert ask({"authorization": foreign}) == 401
    assert ask({"authorization": "Bearer x", "cookie": cookie}) == 401
    assert ask({"authorization": "Bearer", "cookie": cookie}) == 401
