"""A chat's owner and visitors of its link, each in a browser of their own, around one answer."""

import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
STEPS = [
    ("Once upon", "", "Once upon"),
    (" a time.\n\n", "Once upon a time.", ""),
    ("There was", "Once upon a time.", "There was"),
    (" a room", "Once upon a time.", "There was a room"),
]
REVOKED_SECONDS = 2
GRACE = 15_000  # ms: for a moment a closed page may be one that loads again


def answer(page):
    return page.locator("article.answer")


def expect_growing(pages, finished, tail):
    """Expect that all of them see so much, and no more, of an answer that is not complete."""
    for page in pages:
        expect(answer(page).locator("[data-blocks], [data-tail]")).to_have_text([finished, tail])
        expect(answer(page)).to_have_attribute("data-status", "streaming")


def test_all_see_an_answer_grow_one_who_waits_comes_in_and_all_see_the_end(signed_in, open_page, user, chat, agent):
    fields = {"title": "Ours", "max_concurrent_users": 2}
    address = user.post(f"/mid/sessions/{chat}/share", json=fields).raise_for_status().json()["share_url"]
    owner, first, second, third = signed_in(), open_page(), open_page(), open_page()
    owner.goto(f"/chats/{chat}")
    for visitor in (first, second):
        visitor.goto(address)
    for visitor in (first, second):
        expect(visitor.get_by_text("2 of 2 here")).to_be_visible()
    expect(owner.get_by_role("link", name="Shared · 2 of 2 visitors here")).to_be_visible()

    owner.get_by_label("Message", exact=True).fill("Tell us a story")
    owner.keyboard.press("Enter")
    call = agent.call().begin()
    for piece, finished, tail in STEPS:
        call.say(piece)
        expect_growing([owner, first, second], finished, tail)

    third.goto(address)
    expect(third.get_by_text("You are next.")).to_be_visible()
    assert answer(third).count() == 0
    second.context.close()
    expect(third.get_by_text("2 of 2 here")).to_be_visible(timeout=GRACE)
    call.say(" for two")
    expect_growing([owner, first, third], "Once upon a time.", "There was a room for two")
    assert agent.calls.empty()

    owner.get_by_role("link", name="Share", exact=True).click()
    owner.get_by_role("link", name="Revoke the link Ours").click()
    button = owner.get_by_role("dialog").get_by_role("button", name="Revoke")
    expect(button).to_be_visible()
    begun = time.monotonic()
    button.click()
    notices = [owner.locator("[data-company]"), *(visitor.get_by_role("alert") for visitor in (first, third))]
    for notice in notices:
        expect(notice).to_have_text("This link was revoked.", timeout=REVOKED_SECONDS * 1000)
    assert time.monotonic() - begun < REVOKED_SECONDS
    call.say(" and its owner").end()
    expect(answer(owner)).to_have_attribute("data-status", "complete")
    expect(answer(owner)).to_contain_text("for two and its owner")
    for visitor in (first, third):
        assert "its owner" not in answer(visitor).inner_text()
