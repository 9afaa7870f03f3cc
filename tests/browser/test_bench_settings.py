"""The pages of one's own settings and of the environments fit every screen, and work by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import take

pytestmark = pytest.mark.browser


def test_the_pages_fit_every_screen_and_never_show_a_secret(signed_in):
    page = signed_in("admin")
    page.goto("/bench/targets")
    take(page, "bench-targets", full_page=True)
    page.goto("/bench/targets/ift")
    page.get_by_label("Address for single questions").fill(f"https://rag.example.org/{'a' * 80}")
    page.get_by_role("textbox", name="Header").first.fill("X-Api-Key")
    page.get_by_role("textbox", name="Value").first.fill("a-secret-value-4711")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("IFT")
    page.goto("/bench/targets/ift")
    take(page, "bench-target", full_page=True)
    assert "a-secret-value-4711" not in page.content()

    page.goto("/bench/settings")
    ift = page.locator("#ift")
    ift.get_by_label("New token").fill("a-token-of-mine-4712")
    ift.get_by_label("platformId").fill("web")
    ift.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("IFT")
    expect(ift.get_by_role("button", name="Check the stored token")).to_be_visible()
    assert "a-token-of-mine" not in page.content()
    take(page, "bench-settings", full_page=True)
