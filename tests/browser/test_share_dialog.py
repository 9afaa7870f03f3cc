"""Sharing a chat from its page, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import take

pytestmark = pytest.mark.browser


@pytest.fixture
def quiet_chat(user, demo):
    return user.new_chat(demo["agent"]["id"])


def test_a_link_is_made_copied_and_revoked_in_the_dialog(signed_in, quiet_chat):
    page = signed_in(reduced_motion="reduce")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/chats/{quiet_chat}")
    share = page.get_by_role("button", name="Share").or_(page.get_by_role("link", name="Share", exact=True))
    share.click()
    dialog = page.get_by_role("dialog", name="Share this chat")
    expect(dialog.get_by_role("heading", name="Make a link")).to_be_visible()
    take(page, "share-first")
    dialog.get_by_role("button", name="Make the link").click()
    expect(dialog.get_by_text("Your link is ready.")).to_be_visible()
    copy = dialog.get_by_role("button", name="Copy the link")
    expect(copy).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"http://\S+/share/[\w-]{43}", address)
    code = dialog.get_by_role("img", name="QR code")
    expect(code).to_be_visible()
    assert code.evaluate("image => image.decode().then(() => image.naturalWidth)") > 200
    take(page, "share-made")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(share).to_be_focused()
    take(page, "share-bar")
    expect(page.get_by_role("link", name="Shared · 0 of 10 visitors here")).to_be_visible()


def test_the_page_says_who_is_here_and_who_types_and_revoking_needs_no_mouse(signed_in, open_page, user, chat, agent):
    link = user.post(f"/mid/sessions/{chat}/share", json={"title": "Ours"}).json()["share_url"]
    page = signed_in(reduced_motion="reduce")
    page.goto(f"/chats/{chat}")
    bar = page.locator("[data-company]")
    expect(bar).to_have_text("Shared · 0 of 10 visitors here")
    visitor = open_page()
    visitor.goto(link)
    expect(bar).to_have_text("Shared · 1 of 10 visitors here")
    field = visitor.get_by_role("textbox", name="Message")
    field.press_sequentially("What is this?")
    expect(page.locator("[data-typing]")).to_have_text("Guest is typing …")
    field.press("Enter")
    agent.call().begin().say("A room").end()
    hers = page.locator("article.said.other")
    expect(hers).to_contain_text("Guest")
    expect(hers).to_contain_text("visitor")
    expect(hers).to_contain_text("What is this?")
    page.get_by_role("textbox", name="Message").press_sequentially("Look")
    expect(visitor.locator("[data-typing]")).to_contain_text("is typing …")
    take(page, "share-company")
    page.get_by_role("link", name="Share", exact=True).press("Enter")
    dialog = page.get_by_role("dialog", name="Share this chat")
    expect(dialog.get_by_text("1 of 10")).to_be_visible()
    second = open_page()
    second.goto(link)
    expect(dialog.get_by_text("2 of 10")).to_be_visible()
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    second.get_by_role("textbox", name="Message").press_sequentially("And this?")
    expect(page.locator("[data-typing]")).to_have_text("Guest is typing …")
    assert [url for url in fetched if "/share" in url] == []  # the list of links is no matter of who types
    take(page, "share-list")
    dialog.get_by_role("link", name="Revoke the link Ours").press("Enter")
    expect(dialog.get_by_role("heading", name="Revoke this link?")).to_be_visible()
    take(page, "share-revoke")
    dialog.get_by_role("button", name="Revoke").press("Enter")
    expect(dialog.get_by_text("The link is revoked.")).to_be_visible()
    expect(bar).to_have_text(re.compile("This link was revoked.|No longer shared by link"), timeout=2000)
    expect(visitor.get_by_text("This link was revoked.")).to_be_visible(timeout=2000)
    take(page, "share-revoked")


def test_what_is_refused_in_the_dialog_is_said_there_and_keeps_what_was_typed(signed_in, user, quiet_chat):
    token = user.post(f"/mid/sessions/{quiet_chat}/share", json={"title": "Ours"}).json()["share_token"]
    page = signed_in()
    page.goto(f"/chats/{quiet_chat}")
    page.get_by_role("link", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this chat")
    dialog.get_by_role("link", name="Change the link Ours").click()
    dialog.get_by_role("textbox", name="Title").fill("Theirs")
    user.delete(f"/mid/share/{token}")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_have_text("This link was revoked.")
    expect(dialog.get_by_role("textbox", name="Title")).to_have_value("Theirs")
