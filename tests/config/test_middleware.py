"""What every answer passes on its way out."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.middleware import Answers
from tenants.exceptions import Conflict

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("path", "content_type"), [("/api/x", "application/json"), ("/x", "text/html; charset=utf-8")])
def test_a_refusal_of_a_plain_view_is_shown_in_the_dress_of_its_reader(path, content_type):
    request = RequestFactory().get(path)
    response = Answers(lambda request: HttpResponse()).process_exception(request, Conflict("Not <now>."))
    assert (response.status_code, response["Content-Type"]) == (409, content_type)
    assert b"Not <now>." in response.content if path == "/api/x" else b"Not &lt;now&gt;." in response.content


def test_a_fault_that_nobody_foresaw_is_not_swallowed():
    assert Answers(lambda request: HttpResponse()).process_exception(RequestFactory().get("/"), ValueError()) is None


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/chats", "/chats", "/profile", "/admin/"])
def test_what_is_somebodys_is_not_kept_by_caches(cast, client_of, path):
    response = client_of(cast.admin).get(path)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"] or "private" in response["Cache-Control"]
