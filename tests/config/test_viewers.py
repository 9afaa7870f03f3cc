"""The API's description and its viewers: readable by programs, and nothing comes from another site."""

import re

import pytest

pytestmark = pytest.mark.django_db


def test_the_description_is_json(client):
    response = client.get("/api/schema", headers={"accept": "application/json"})
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.")


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_viewer_asks_no_other_site(client, page):
    response = client.get(page)
    assert response.status_code == 200
    assert not re.findall(r"(?:https?:)?//[\w.-]+", response.content.decode())
    assert "<style" not in response.content.decode()


def test_only_redoc_may_write_styles(client):
    policies = {page: client.get(page)["Content-Security-Policy"] for page in ("/docs", "/redoc", "/sign-in")}
    assert [page for page, policy in policies.items() if "unsafe" in policy] == ["/redoc"]
    assert all("script-src" not in policy for policy in policies.values())


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/v1", "/mid/x"])
def test_what_is_not_there_is_json_for_programs(client, path):
    response = client.get(path)
    assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")
