"""Which unsafe requests count as sent by another site: every mix of what a browser tells and what it carries."""

from itertools import product
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from tenants.middleware import CrossOriginProtection

SITES = [None, "same-origin", "none", "same-site", "cross-site", "nonsense"]
OURS, LISTED, BASE = "http://parley.test:8000", "https://app.example", "https://public.example"
FOREIGN = [
    "https://evil.example",
    "null",
    "",
    "http://parley.test",
    "https://parley.test:8000",
    "http://parley.test:80000",
]
ORIGINS = [None, OURS, LISTED, BASE, *FOREIGN]
CREDENTIALS: dict[str, dict[str, str]] = {
    "nothing": {},
    "cookie": {"cookie": "access_token=x"},
    "bearer": {"authorization": "Bearer x"},
    "key": {"x-api-key": "x"},
    "basic": {"authorization": "Basic dTpw"},
}  # fmt: skip


def passes(site: str | None, origin: str | None, credential: str) -> bool:
    """The rule in one place, said differently from the code."""
    if credential in {"bearer", "key"}:
        return True
    if origin == "null":
        return site == "same-origin"
    if site in {None, "same-origin", "none"}:
        return origin in {None, OURS, LISTED, BASE}
    return origin == LISTED


@pytest.fixture
def guard(settings: Any) -> CrossOriginProtection:
    settings.ALLOWED_HOSTS = ["parley.test"]
    settings.CORS_ALLOWED_ORIGINS = [LISTED]
    settings.BASE_URL = BASE + "/path"
    return CrossOriginProtection(lambda request: HttpResponse("in"))


def ask(guard: CrossOriginProtection, method: str, headers: dict[str, str]) -> Any:
    return guard(RequestFactory().generic(method, "/api/x", headers={"host": "parley.test:8000", **headers}))


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_the_table(guard: CrossOriginProtection, credential: str) -> None:
    for site, origin in product(SITES, ORIGINS):
        told = {"sec-fetch-site": site, "origin": origin}
        headers = {**CREDENTIALS[credential], **{name: text for name, text in told.items() if text is not None}}
        for method in ("POST", "PUT", "PATCH", "DELETE", "QUERY"):
            response = ask(guard, method, headers)
            assert response.status_code == (200 if passes(site, origin, credential) else 403), headers


def test_no_origin_is_ours_only_where_the_browser_vouches_for_the_site(guard: CrossOriginProtection) -> None:
    answers = {
        site: ask(guard, "POST", {"origin": "null", "sec-fetch-site": site}).status_code for site in filter(None, SITES)
    }
    assert answers == {"same-origin": 200, "none": 403, "same-site": 403, "cross-site": 403, "nonsense": 403}
    assert ask(guard, "POST", {"origin": "null"}).status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_never_refused(guard: CrossOriginProtection, method: str) -> None:
    assert ask(guard, method, {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}).status_code == 200


def test_the_refusal_is_an_error_in_the_common_format(guard: CrossOriginProtection) -> None:
    response = ask(guard, "POST", {"origin": "https://evil.example"})
    assert response.headers["Content-Type"] == "application/json"
    assert b'"error_code": "CROSS_ORIGIN"' in response.content
