"""What the pages of chats must not do: show a stranger anything, or loosen the browser's policy."""

import re
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse

from tenants.exceptions import TooManyRequests
from tenants.scope import tenant_scope
from tests.factories import MessageFactory


def without_token(response):
    """Return a page without its form token, which is masked anew each time."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", response.content)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_chat_of_somebody_else_is_as_absent(cast, client_of, chat, accept):
    pages = [("get", "chat-detail"), ("get", "chat-delete")]
    posts = ("send", "retry", "stop", "rename", "archive", "delete")
    for method, name in [*pages, *(("post", f"chat-{post}") for post in posts)]:
        for person in (cast.teammate, cast.admin, cast.outsider, cast.operator):
            ask = getattr(client_of(person), method)
            form = {"content": "x", "title": "x"} if method == "post" else {}
            foreign = ask(reverse(name, args=[chat.id]), form, headers={"accept": accept})
            absent = ask(reverse(name, args=[uuid4()]), form, headers={"accept": accept})
            assert foreign.status_code == absent.status_code == 404
            assert without_token(foreign) == without_token(absent)
    with tenant_scope(cast.team.id):
        chat.refresh_from_db()
        assert chat.title == "Numbers"
        assert not chat.messages.exists()


class Read(HTMLParser):
    """Collects what a strict content security policy forbids, and the ids."""

    def __init__(self, html):
        super().__init__()
        self.forbidden = []
        self.ids = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.ids += [names["id"]] if "id" in names else []
        if tag == "style" or (tag == "script" and "src" not in names):
            self.forbidden.append(tag)
        self.forbidden += [name for name in names if name == "style" or name.startswith("on")]


def test_pages_are_sound_and_keep_to_the_strict_policy(cast, owner, chat):
    MessageFactory(chat=chat, role="assistant", status="failed", content="```python\ndef f(): pass\n```")
    detail = reverse("chat-detail", args=[chat.id])
    for page in ("/chats", "/chats/new", "/nowhere", detail, f"{detail}/delete"):
        response = owner.get(page)
        policy = response.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'self'" in policy
        read = Read(response.content.decode())
        assert read.forbidden == []
        assert len(read.ids) == len(set(read.ids))


def test_absent_pages_are_in_the_same_dress(owner):
    response = owner.get("/nowhere")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()
    assert "site-header" in response.content.decode()


def test_the_error_page_needs_neither_person_nor_database():
    error = TooManyRequests(retry_after=5)
    page = render_to_string("errors/error.html", {"error": error}, RequestFactory().get("/"))
    assert error.sentence in page
