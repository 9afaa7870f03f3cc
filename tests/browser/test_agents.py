"""The pages on which agents are managed: they fit every screen, and the form shows what the chosen kind needs."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import take

pytestmark = pytest.mark.browser


@pytest.fixture
def changed(admin) -> str:
    """An agent with three versions and words that are hard to break."""
    first = {
        "name": f"Support {'w' * 60}",
        "description": "Answers questions about orders.",
        "kind": "openai",
        "webhook_url": f"https://models.example.org/v1/{'a' * 80}",
        "webhook_token": "a-secret-token-98-wxyz",
        "system_prompt": "Be brief.\nBe kind.\nSay when you do not know.",
        "config": {"model": "small", "temperature": 0.2},
    }
    agent = admin.post("/api/agents", json=first).raise_for_status().json()["id"]
    for change in (
        {"system_prompt": "Be brief.\nBe very kind.\nSay when you do not know.", "limits": {"total": 60}},
        {"config": {"model": "large"}, "audience": "chosen"},
    ):
        admin.put(f"/api/agents/{agent}", json=change).raise_for_status()
    return str(agent)


def test_the_pages_fit_every_screen(signed_in, changed):
    page = signed_in("admin")
    pages = {"list": "", "new": "/new", "import": "/import", "detail": f"/{changed}", "edit": f"/{changed}/edit"}
    for part in ("members", "versions", "delete", "test"):
        pages[part] = f"/{changed}/{part}"
    for name, address in pages.items():
        page.goto(f"/agents{address}")
        page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
        take(page, f"agents-{name}")


def test_the_form_shows_what_the_kind_needs(signed_in):
    page = signed_in("admin")
    page.goto("/agents/new")
    page.get_by_label("Kind").select_option("openai")
    address = page.get_by_label("Address")
    expect(address).to_have_attribute("placeholder", "https://models.example.org/v1")
    expect(page.locator("#address-help li:visible")).to_have_count(1)
    expect(address).to_have_accessible_description(re.compile("/chat/completions is added where it is missing"))
    expect(page.get_by_label("Model")).to_be_visible()
    expect(page.get_by_label("Name of the header, or user name")).to_be_hidden()
    page.get_by_label("Authentication").select_option("header")
    expect(page.get_by_label("Name of the header, or user name")).to_be_visible()
    page.get_by_label("Authentication").select_option("none")
    expect(page.get_by_label("Secret:", exact=True)).to_be_hidden()
    page.get_by_label("Kind").select_option("demo")
    expect(page.get_by_label("Address")).to_be_hidden()
    expect(page.get_by_label("Model")).to_be_hidden()
    page.get_by_label("Name:", exact=True).fill("Made on the page")
    page.get_by_role("button", name="Add the agent").click()
    expect(page.get_by_role("heading", name="Made on the page")).to_be_visible()


def test_people_are_found_by_typing(signed_in, changed, demo):
    page = signed_in("admin")
    page.goto(f"/agents/{changed}/members")
    teammate, user = (page.locator("label", has_text=demo[who]["email"]) for who in ("teammate", "user"))
    page.get_by_label("Everybody in the team").check()
    teammate.get_by_role("checkbox").check()
    expect(page.get_by_label("Only the people chosen below")).to_be_checked()
    page.get_by_label("Show people by name or e-mail").fill(demo["user"]["email"].upper())
    expect(user).to_be_visible()
    expect(teammate).to_be_hidden()
    page.get_by_label("Show people by name or e-mail").fill("nobody has this")
    expect(page.get_by_text("Nobody has that in their name or e-mail.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 chosen person and the team's admins may talk to")).to_be_visible()
    expect(page.get_by_text("1 chosen person, and the team's admins.")).to_be_visible()
