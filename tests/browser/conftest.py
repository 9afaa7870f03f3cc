"""A headless browser, and people who sign in with it to a running server."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.live.conftest import Demo, admin, agent, chat, demo, server, sign_in, user  # noqa: F401 - fixtures
from tests.servers import Server

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-smooth-scrolling",  # where a page has been scrolled to is known at once
)
SCREENSHOTS = Path(os.environ.get("SCREENSHOTS_DIR", "var/screenshots"))
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one module: while it is open, Django takes this thread for an asynchronous one."""
    binary = os.environ.get("TEST_CHROMIUM")
    if not binary:
        reason = "no browser: TEST_CHROMIUM does not name a Chromium"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(server: Server, browser: Browser) -> Iterator[OpenPage]:  # noqa: F811 - the fixture above
    """Open a window of its own; the test fails if its scripts do or the browser's policy had to step in."""
    troubles: list[str] = []

    def open_page(**options: Any) -> Page:
        context = stack.enter_context(browser.new_context(base_url=server.base_url, **options))
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: "Content Security" in line.text and troubles.append(line.text))
        return page

    with ExitStack() as stack:
        yield open_page
    assert troubles == []


@pytest.fixture
def signed_in(open_page: OpenPage, demo: Demo) -> OpenPage:  # noqa: F811
    """Open a window in which the demo user, or who is named, has signed in."""

    def signed_in(who: str = "user", **options: Any) -> Page:
        page = open_page(**options)
        let_in(page, demo[who])
        return page

    return signed_in


def let_in(page: Page, person: Demo) -> None:
    """Sign somebody in beside the page, which is cheaper than through it; the page's own way is tested once."""
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.request.get("/sign-in").text())
    assert token
    form = {"email": person["email"], "password": person["password"], "csrfmiddlewaretoken": token[1]}
    assert page.request.post("/sign-in", form=form, max_redirects=0).status == 302


def fill_sign_in(page: Page, person: Demo) -> None:
    """Sign somebody in on the page."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/chats")
