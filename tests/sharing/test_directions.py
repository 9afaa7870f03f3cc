"""Titles that turn the text around them: on each page they stand in a place of their own, and stay what they are."""

from html.parser import HTMLParser

import pytest
from django.test import Client

from chats.models import Chat
from sharing.models import Share
from tenants.scope import tenant_scope
from tests.chats.test_members import let_in
from tests.factories import AgentFactory, UserFactory

pytestmark = pytest.mark.django_db
TURNED = "\u2069\u202egnihton"  # ends what isolates it, then runs from right to left
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
PLAIN = {"title", "textarea", "template"}  # what has no markup inside


class Texts(HTMLParser):
    """How many texts with a mark a page has, and those that nothing keeps apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.count = 0
        self.loose: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append((tag, tag == "bdi" or ("dir", "auto") in attrs))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if TURNED in data and not any(tag in PLAIN for tag, _ in self.open):
            self.count += 1
            if not any(is_apart for _, is_apart in self.open):
                self.loose.append(f"{data.strip()} in {[tag for tag, _ in self.open][-3:]}")


def look(response, least=1):
    assert response.status_code == 200
    texts = Texts(response.content.decode())
    assert texts.loose == []
    assert texts.count >= least


@pytest.fixture
def turned(cast, chat, share):
    """A chat, its link and a visitor, all of whose titles and names turn around what stands beside them."""
    with tenant_scope(cast.team.id):
        Chat.objects.update(title=TURNED)
        Share.objects.update(title=f"{TURNED}.", description=TURNED, can_fork=True)
    return share


@pytest.mark.parametrize(
    ("address", "least"),
    [
        ("/chats", 1),
        ("/chats/{chat}", 3),
        ("/chats/{chat}/delete", 1),
        ("/chats/{chat}/members", 1),
        ("/chats/{chat}/share", 1),
        ("/links", 2),
        ("/shares/{share}/log", 1),
        ("/shares/{share}/revoke", 1),
    ],
)
def test_on_the_pages_of_owners(cast, client_of, turned, address, least):
    UserFactory(team=cast.team)
    look(client_of(cast.owner).get(address.format(chat=turned.chat_id, share=turned.id)), least)


def test_on_the_page_of_a_teams_links(cast, client_of, turned):
    look(client_of(cast.admin).get("/links/team"), 2)


@pytest.mark.parametrize(("address", "least"), [("/chats/shared", 1), ("/chats/{chat}", 1)])
def test_on_the_pages_of_colleagues(cast, client_of, chat, turned, address, least):
    let_in(chat, cast.teammate)
    look(client_of(cast.teammate).get(address.format(chat=chat.id)), least)


def test_on_the_pages_of_visitors(cast, client_of, turned):
    AgentFactory(team=cast.other_team)
    address = f"/share/{turned.token}"
    look(Client().get(f"{address}?left=1"), 2)
    browser = client_of(cast.outsider)
    look(browser.get(address), 2)
    look(browser.get(f"{address}/copy"))
    Client().get(address)
    look(Client().get(address), 2)  # all places are taken


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/shares/{share}/extend", {"days": "7"}),
        ("/chats/{chat}/archive", {"archived": "1"}),
        ("/chats/{chat}/delete", {}),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_in_what_is_told_after_a_step(cast, client_of, turned, address, fields):
    sent = client_of(cast.owner).post(address.format(chat=turned.chat_id, share=turned.id), fields, follow=True)
    look(sent)
    assert f"<bdi>“{TURNED}" in sent.content.decode()


def test_a_colleague_is_told_which_chat_they_left(cast, client_of, chat, turned):
    let_in(chat, cast.teammate)
    look(client_of(cast.teammate).post(f"/chats/{chat.id}/leave", follow=True))


def test_a_program_gets_back_the_title_that_it_sent(cast, client_of, chat):
    owner = client_of(cast.owner)
    owner.post(f"/mid/sessions/{chat.id}/share", {"title": TURNED}, "application/json")
    assert owner.get(f"/mid/sessions/{chat.id}/shares").json()["shares"][0]["title"] == TURNED
