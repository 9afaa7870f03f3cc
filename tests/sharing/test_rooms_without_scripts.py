"""What a visitor without scripts meets who writes: nothing typed is wiped, and every address leads back to the room."""

import re

import pytest
from django.test import Client

from sharing.models import Share
from tenants.scope import tenant_scope
from tests.factories import MessageFactory, ShareFactory


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
    assert re.search(rf'href="{address}\?at=\d+#message-[-0-9a-f]+">Look for news', refused.content.decode())


@pytest.mark.parametrize("fields", [{"can_write": False}, {"max_messages": 0}])
@pytest.mark.parametrize("status", ["streaming", "complete"])
def test_whoever_only_reads_has_the_room_drawn_anew(chat, fields, status):
    MessageFactory(chat=chat, role="assistant", status=status, content="Well, ", position=3)
    address = f"/share/{ShareFactory(chat=chat, **fields).token}"
    page = Client().get(address)
    assert refreshed_to(page) == address
    assert "<textarea" not in page.content.decode()


@pytest.mark.parametrize("way", ["enter", "say", "leave"])
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
