"""Pictures of a page in each look it has, and what a picture cannot show: nothing sticks out."""

from playwright.sync_api import Page

from tests.browser.conftest import SCREENSHOTS

WIDTHS = {"desktop": (1280, 800), "phone": (360, 740)}
SCHEMES = ("light", "dark")


def take(page: Page, name: str, *, full_page: bool = False) -> None:
    """Save pictures of a page on either screen in either theme; fail if it can be scrolled sideways."""
    for screen, (width, height) in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=SCREENSHOTS / f"{name}-{screen}-{scheme}.png", full_page=full_page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, screen)
