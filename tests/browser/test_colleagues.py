"""Colleagues in one chat, each in a browser of their own."""

import pytest
from playwright.sync_api import expect

from tests.live.test_colleagues import id_of, let_in

pytestmark = pytest.mark.browser


@pytest.fixture
def mate(sign_in, demo):
    return sign_in(demo["teammate"])


def test_who_is_put_out_is_told_so_and_can_send_no_more(signed_in, user, mate, chat):
    let_in(user, chat, {"user_id": id_of(mate), "can_write": True})
    page = signed_in("teammate")
    page.goto(f"/chats/{chat}")
    field = page.get_by_label("Message", exact=True)
    expect(field).to_be_focused()
    field.fill("Half a thought")
    let_in(user, chat)
    expect(page.get_by_role("alert")).to_have_text("This chat is no longer shared with you.", timeout=10_000)
    expect(page.locator("[data-ended]")).to_be_focused()
    expect(page.locator("[data-composer]")).to_have_js_property("inert", True)
    assert page.locator("[data-composer] textarea").input_value() == "Half a thought"
    page.locator("[data-ended]").get_by_role("link", name="Shared with me").click()
    page.wait_for_url("**/chats/shared")


def test_who_has_read_is_told_above_the_composer(signed_in, user, mate, chat, agent):
    let_in(user, chat, {"user_id": id_of(mate)})
    page = signed_in()
    page.goto(f"/chats/{chat}")
    with user.sending(chat, "Tell a lot") as reading:
        agent.call().begin().say("A line.\n\n" * 60).end()
        reading.rest()
    expect(page.locator("article.answer")).to_have_attribute("data-status", "complete")
    mate.post(f"/api/chats/{chat}/read", json={"message_id": user.messages(chat)[-1]["id"]}).raise_for_status()
    line = page.locator("[data-read-by]", has_text="Read by").last
    expect(line).to_be_visible()
    dock = page.locator("[data-dock]").bounding_box()
    place = line.bounding_box()
    assert place["y"] + place["height"] <= dock["y"] + 1
