"""The script that puts a socket's frames into the page, in a browser without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

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
def page(browser: Browser) -> Iterator[Page]:
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


def test_an_answer_that_is_announced_after_it_has_begun_keeps_what_it_has(page: Page) -> None:
    late = '<article data-message="a" data-status="streaming"><div data-blocks></div></article>'
    page.evaluate(SHOW, {"type": "entry", "data": {"message_id": "a", "html": late}})
    assert "Kept" in page.locator("#list").inner_text()
    page.evaluate(SHOW, {"type": "entry", "data": {"message_id": "b", "html": late.replace('"a"', '"b"')}})
    assert page.locator("#list article").count() == 2


def test_ones_place_in_line_is_told_until_it_is_ones_turn(page: Page) -> None:
    line = page.locator(".answering")
    for place in (12, 1):
        told = {"message_id": "a", "description": f"You are number {place} in line.", "place": place}
        page.evaluate(SHOW, {"type": "status", "data": told})
        assert line.inner_text() == f"You are number {place} in line."
    turn = {"message_id": "a", "description": "The agent is answering."}
    page.evaluate(SHOW, {"type": "status", "data": turn})
    assert (line.inner_text(), page.locator("#list").inner_text().split()[0]) == ("is answering", "Kept")


LISTEN = """async (type) => {
  const { Feed } = await import("/feed.js");
  const socket = new EventTarget();
  window.fetched = 0;
  new Feed(socket, { isStreaming: true, has: () => true, refresh: async () => window.fetched++ });
  const frame = { type, data: { message_id: "a" } };
  setInterval(() => socket.dispatchEvent(new CustomEvent("frame", { detail: frame })), 10000);
}"""


@pytest.mark.parametrize(("kind", "fetched"), [("alive", 0), ("presence", 4)])
def test_a_list_is_fetched_while_nothing_is_heard_of_its_answer(page: Page, kind: str, fetched: int) -> None:
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # else the clock goes on by itself between the next steps
    page.evaluate(LISTEN, kind)
    page.clock.run_for(61_000)
    assert page.evaluate("fetched") == fetched


CATCH_UP = """async ([known, isStreaming, states]) => {
  const { Feed } = await import("/feed.js");
  const socket = new EventTarget();
  const happened = [];
  const refresh = async () => {
    happened.push("fetch");
    await null;
    known = "b";
    happened.push("fetched");
  };
  const feed = new Feed(socket, { isStreaming, has: (id) => id === known, refresh });
  feed.addEventListener("frame", ({ detail: { type, data } }) => {
    happened.push(type);
    if (type === "state") feed.catchUp(data);
  });
  const send = (type, data) => socket.dispatchEvent(new CustomEvent("frame", { detail: { type, data } }));
  if (states > 1) feed.refresh(); // what it fetches was drawn before the first state
  for (let n = 0; n < states; n++) send("state", { last_message_id: n ? "c" : "b", is_answering: false });
  send("message", {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  return happened.join(" ");
}"""


@pytest.mark.parametrize(
    ("known", "is_streaming", "states", "happened"),
    [
        ("b", False, 1, "state message"),
        ("a", False, 1, "state fetch fetched message"),
        ("b", True, 1, "state fetch fetched message"),
        # A state among the frames that were held has the list fetched again, and what follows it waits again.
        ("a", False, 2, "fetch fetched state state fetch fetched message"),
    ],
)
def test_what_came_before_the_socket_was_open_is_fetched(
    page: Page, known: str, is_streaming: bool, states: int, happened: str
) -> None:
    assert page.evaluate(CATCH_UP, [known, is_streaming, states]) == happened


TYPE = """async () => {
  const { Typist } = await import("/typing.js");
  window.told = 0;
  const socket = Object.assign(new EventTarget(), { send: () => told++ });
  const form = document.querySelector("form");
  window.tell = (type) => socket.dispatchEvent(new CustomEvent(type));
  window.type = (text) => {
    form.elements.content.value = text;
    form.dispatchEvent(new Event("input"));
  };
  new Typist(form, socket);
}"""


def told(page: Page, step: str) -> int:
    return page.evaluate(f"{step}; told")


@pytest.fixture
def typing(page: Page) -> Page:
    """A page whose clock stands still, with a field and a socket from which nothing has come yet."""
    page.set_content('<form><textarea name="content"></textarea></form>')
    page.clock.install(time=0)
    page.clock.pause_at(10_000)
    page.evaluate(TYPE)
    return page


def test_who_types_before_anybody_hears_is_told_once_somebody_does(typing: Page) -> None:
    assert told(typing, "type('W'); tell('open')") == 0
    typing.clock.run_for(1999)
    assert told(typing, "tell('frame')") == 1
    assert told(typing, "tell('frame'); type('Wh')") == 1
    typing.clock.run_for(2000)
    assert told(typing, "tell('frame')") == 1
    assert told(typing, "type('Wha')") == 2


@pytest.mark.parametrize(("text", "later"), [("What?", 2000), (" ", 0), ("", 0)])
def test_who_no_longer_types_when_somebody_hears_is_not_told(typing: Page, text: str, later: int) -> None:
    told(typing, f"type('{text}')")
    typing.clock.run_for(later)
    assert told(typing, "tell('frame')") == 0
    assert told(typing, "type('W')") == 1


def test_what_was_typed_while_the_connection_was_lost_is_told_when_it_is_back(typing: Page) -> None:
    assert told(typing, "tell('frame'); type('W'); tell('lost')") == 1
    assert told(typing, "type('Wh')") == 1
    assert told(typing, "tell('frame')") == 2


SENTENCE = """async (names) => {
  const { areTyping } = await import("/typing.js");
  const line = document.querySelector("#said");
  line.replaceChildren(...areTyping(names));
  return [line.textContent, [...line.children].map((part) => part.localName).join(" ")];
}"""


@pytest.mark.parametrize(
    ("names", "sentence", "boxes"),
    [
        ([], "", ""),
        (["<b>Ada"], "<b>Ada is typing …", "bdi"),
        (["Ada", "Vera"], "Ada and Vera are typing …", "bdi bdi"),
        (["Ada", "Vera", "Guest"], "3 people are typing …", ""),
    ],
)
def test_who_types_is_said_in_one_sentence(page: Page, names: list[str], sentence: str, boxes: str) -> None:
    assert page.evaluate(SENTENCE, names) == [sentence, boxes]
