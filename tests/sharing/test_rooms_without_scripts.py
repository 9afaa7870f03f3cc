"""What a visitor without scripts meets who writes: nothing typed is wiped, and every address leads back to the room."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from chats.models import Message
from sharing.models import Share
from tenants.scope import tenant_scope
from tests.factories import MessageFactory, ShareFactory

NOW = timezone.now()


@pytest.fixture
def address(share):
    return f"/share/{share.token}"


def refreshed_to(response):
    found = re.search(r'http-equiv="refresh"\s+content="\d+; url=([^?"#]*)', response.content.decode())
    return found and found[1]


def shown(response):
    return re.sub(r"<noscript>.*?</noscript>|<[^>]* hidden>[^<]*<", " ", response.content.decode(), flags=re.DOTALL)


def test_a_page_to_write_on_is_not_drawn_anew_while_an_answer_grows(chat, share, address):
    MessageFactory(chat=chat, role="assistant", status="streaming", content="Well, ", position=3)
    browser = Client()
    assert refreshed_to(browser.get(address)) is None
    refused = browser.post(f"{address}/say", {"content": "And then?"})
    assert refused.status_code == 409
    assert refreshed_to(refused) is None
    assert re.search(rf'formaction="{address}/look#message-[-0-9a-f]+"', refused.content.decode())


@pytest.mark.parametrize("fields", [{"can_write": False}, {"max_messages": 0}])
@pytest.mark.parametrize("status", ["streaming", "complete"])
def test_whoever_only_reads_has_the_room_drawn_anew(chat, fields, status):
    MessageFactory(chat=chat, role="assistant", status=status, content="Well, ", position=3)
    address = f"/share/{ShareFactory(chat=chat, **fields).token}"
    page = Client().get(address)
    assert refreshed_to(page) == address
    assert "<textarea" not in page.content.decode()


@pytest.mark.parametrize("way", ["enter", "say", "look", "leave"])
def test_the_address_of_a_form_opened_by_itself_leads_to_the_room(address, way):
    response = Client().get(f"{address}/{way}")
    assert (response.status_code, response["Location"], response["Cache-Control"]) == (303, address, "no-store")
    assert Client().put(f"{address}/{way}").status_code == 405


def test_a_message_that_comes_too_late_keeps_its_field(cast, share, address):
    browser = Client()
    assert "2 messages left" not in shown(browser.get(address))
    with tenant_scope(cast.team.id):
        Share.objects.update(messages_sent=share.max_messages)
    refused = browser.post(f"{address}/say", {"content": "And then?"})
    assert refused.status_code == 429
    assert "And then?</textarea>" in shown(refused)
    assert "You can read along" in shown(browser.get(address))


def messages_of(cast):
    with tenant_scope(cast.team.id):
        return list(Message.objects.order_by("position").values_list("content", flat=True))


def test_whoever_looks_for_news_keeps_what_they_type_and_says_nothing(cast, chat, address):
    browser, typed = Client(), "\nHalf a <thought>\r\nand"
    browser.get(address)
    MessageFactory(chat=chat, author=cast.owner, position=3, content="Said meanwhile")
    known = messages_of(cast)
    page = browser.post(f"{address}/look", {"content": typed})
    assert (page.status_code, page["Cache-Control"]) == (200, "no-store")
    assert "Said meanwhile" in shown(page)
    assert "required>\n\nHalf a &lt;thought&gt;\nand</textarea>" in page.content.decode()
    assert messages_of(cast) == known
    assert browser.post(f"{address}/look", {"content": ""}).status_code == 200


@pytest.mark.parametrize("way", ["say", "look"])
@pytest.mark.parametrize(("change", "status"), [({"can_write": False}, {403, 200}), ({"revoked_at": NOW}, {410})])
def test_what_can_no_longer_be_sent_is_shown(cast, share, address, way, change, status):
    browser = Client()
    browser.get(address)
    with tenant_scope(cast.team.id):
        Share.objects.filter(id=share.id).update(**change)
    page = browser.post(f"{address}/{way}", {"content": "Half a thought"})
    assert page.status_code in status
    assert "Your message was not sent" in shown(page)
    assert "Half a thought" in shown(page)
    assert "Half a thought" not in messages_of(cast)


def test_whoever_gives_up_waiting_is_not_told_they_left_a_conversation(address):
    inside = [Client(), Client()]
    for browser in inside:
        browser.get(address)
    waiting = Client()
    waiting.get(address)
    page = waiting.get(waiting.post(f"{address}/leave")["Location"]).content.decode()
    assert "You no longer wait." in page
    assert "You have left" not in page
    assert "Come in again" not in page
    assert "You have left" in inside[0].get(inside[0].post(f"{address}/leave")["Location"]).content.decode()
