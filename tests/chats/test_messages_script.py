"""The script that puts a socket's frames into the page, in a browser without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import browser  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser
SCRIPTS = Path(__file__).parents[2] / "static" / "js"
PAGE = """<div id="list"><article data-message="a" data-status="streaming"><div data-blocks><p>Kept</p></div>
<p data-tail></p><p class="answering">
<span data-answering="is answering">is answering</span></p></article></div><div id="said"></div>"""
SHOW = """async (frame) => {
  const { Messages } = await import("/messages.js");
  new Messages(document.querySelector("#list"), document.querySelector("#said")).show(frame);
}"""


def serve(route: Route) -> None:
    name = route.request.url.rpartition("/")[2]
    if name:
        route.fulfill(body=(SCRIPTS / name).read_text(), content_type="text/javascript")
    else:
        route.fulfill(body=PAGE, content_type="text/html")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:  # noqa: F811 - the fixture above
    page = browser.new_page()
    page.route("**/*", serve)
    page.goto("http://parley.test/")
    yield page
    page.close()


@pytest.mark.parametrize(
    ("kind", "more", "status"),
    [("done", {}, "complete"), ("done", {"stopped": True}, "stopped"), ("error", {"code": "X"}, "failed")],
)
def test_an_end_without_its_html_leaves_the_answer_and_marks_it(page: Page, kind: str, more: dict, status: str) -> None:
    page.evaluate(SHOW, {"type": kind, "data": {"message_id": "a", **more}})
    assert page.locator("#list").inner_text().split() == ["Kept"]
    assert page.locator("[data-message=a]").get_attribute("data-status") == status
    page.evaluate(SHOW, {"type": kind, "data": {"message_id": "unknown", **more}})
    assert "null" not in page.locator("#list").inner_text()


def test_ones_place_in_line_is_told_until_it_is_ones_turn(page: Page) -> None:
    line = page.locator(".answering")
    for place in (12, 1):
        told = {"message_id": "a", "description": f"You are number {place} in line.", "place": place}
        page.evaluate(SHOW, {"type": "status", "data": told})
        assert line.inner_text() == f"You are number {place} in line."
    turn = {"message_id": "a", "description": "The agent is answering."}
    page.evaluate(SHOW, {"type": "status", "data": turn})
    assert (line.inner_text(), page.locator("#list").inner_text().split()[0]) == ("is answering", "Kept")


LISTEN = """async ([type, isToldAtOpening]) => {
  const { Feed } = await import("/feed.js");
  const socket = new EventTarget();
  window.fetched = 0;
  new Feed(socket, { isStreaming: true, has: () => true, refresh: async () => window.fetched++ }, { isToldAtOpening });
  const frame = { type, data: { message_id: "a" } };
  setInterval(() => socket.dispatchEvent(new CustomEvent("frame", { detail: frame })), 10000);
  window.reopen = () => ["lost", "open"].forEach((type) => socket.dispatchEvent(new Event(type)));
}"""


@pytest.mark.parametrize(
    ("kind", "is_told_at_opening", "fetched"),
    [("alive", True, 0), ("alive", False, 2), ("presence", True, 4), ("presence", False, 6)],
)
def test_a_list_is_fetched_while_nothing_is_heard_of_its_answer(
    page: Page, kind: str, is_told_at_opening: bool, fetched: int
) -> None:
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # else the clock goes on by itself between the next steps
    page.evaluate(LISTEN, [kind, is_told_at_opening])
    page.clock.run_for(10)
    page.evaluate("reopen()")
    page.clock.run_for(61_000)
    assert page.evaluate("fetched") == fetched
