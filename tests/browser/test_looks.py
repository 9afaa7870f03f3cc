"""Pages fit every screen, whatever stands on them; the theme is kept."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREENSHOTS
from tests.browser.looks import take

pytestmark = pytest.mark.browser


@pytest.fixture
def answered(user, demo) -> str:
    """A chat with a finished answer of the demo agent."""
    chat = user.new_chat(demo["agent"]["id"], title="How answers grow")
    user.post(f"/api/chats/{chat}/messages", json={"content": "Show me what you can do."}).raise_for_status()
    return chat


def test_pages_fit_every_screen(open_page, signed_in, answered):
    signs = open_page()
    signs.goto("/sign-in")
    take(signs, "sign-in")
    page = signed_in()
    pages = {
        "chats": "/chats",
        "new-chat": "/chats/new",
        "chat": f"/chats/{answered}",
        "profile": "/profile",
        "keys": "/keys",
        "usage": "/usage",
        "links": "/links",
        "not-found": "/nowhere",
    }
    for name, address in pages.items():
        page.goto(address)
        take(page, name)


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_whatever_the_names_are(signed_in, answered, admin, user, width):
    word = "w" * 150
    named_so = {"name": f"Long {word}", "description": word, "kind": "demo", "config": {"demo_seconds": 0.01}}
    agent = admin.post("/api/agents", json=named_so).raise_for_status().json()["id"]
    named = user.new_chat(agent, title=word)
    said = user.new_chat(agent)
    user.post(f"/api/chats/{said}/messages", json={"content": word}).raise_for_status()
    page = signed_in(viewport={"width": width, "height": 600})
    for address in ("/chats", "/chats/new", *(f"/chats/{chat}" for chat in (answered, named, said))):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_the_sidebar_of_a_phone_opens_and_closes(signed_in, answered):
    page = signed_in(viewport={"width": 390, "height": 844})
    page.goto(f"/chats/{answered}")
    recent = page.get_by_role("navigation", name="Recent chats")
    expect(recent).to_be_hidden()
    page.get_by_role("link", name="Show your chats").click()
    expect(recent).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "sidebar-phone-light.png")
    page.keyboard.press("Escape")
    expect(recent).to_be_hidden()


def test_the_chosen_theme_is_kept(signed_in):
    page = signed_in(color_scheme="light")
    page.goto("/chats")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.reload()
    background = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(background) == "rgb(23, 25, 28)"
