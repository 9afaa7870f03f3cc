"""Starting a session and watching it being asked: the bar moves, stops and goes on, and the page stays loaded."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.bench.rag import Rag, Reply, as_usual, rag_service
from tests.browser.looks import take
from tests.browser.reviewing import is_saved

pytestmark = pytest.mark.browser
QUESTIONS = [f"Вопрос {number}: какая комиссия за перевод по СБП?" for number in range(30)]


class Gate:
    """Lets through as many answers as it is told; those to questions in `failing` fail."""

    def __init__(self, rag: Rag) -> None:
        self.failing: set[str] = set()
        self._free = threading.Semaphore(0)
        rag.answer = self._answer

    def _answer(self, asked):
        self._free.acquire(timeout=60)
        return Reply(status=500) if asked.question in self.failing else as_usual(asked)

    def open(self, count: int) -> None:
        self._free.release(count)


@pytest.fixture
def gate() -> Iterator[tuple[Rag, Gate]]:
    with rag_service() as rag:
        gate = Gate(rag)
        yield rag, gate
        gate.open(1000)


def set_target(page: Page, environment: str, rag: Rag) -> None:
    page.goto(f"/bench/targets/{environment}")
    page.get_by_label("Address for single questions").fill(rag.backend_url)
    page.get_by_label("Questions at once").fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text(environment.upper())


def is_still_the_page(page: Page) -> bool:
    return page.evaluate("window.begun === 1")


def test_a_session_is_started_watched_stopped_and_resumed(signed_in, gate):
    rag, gate = gate
    page = signed_in("admin")
    for environment in ("ift", "prod"):
        set_target(page, environment, rag)

    page.goto("/bench/new")
    page.get_by_role("radio", name="PROD").check()
    expect(page.get_by_label("I want to ask production")).to_be_visible()
    take(page, "bench-new-prod", full_page=True)
    page.get_by_label("Or paste questions").fill("\n".join(QUESTIONS))
    page.get_by_role("radio", name="IFT").check()
    expect(page.get_by_label("I want to ask production")).to_be_hidden()
    page.get_by_label("Title").fill("Комиссии, утро")
    page.get_by_text("More", exact=True).click()
    take(page, "bench-new", full_page=True)
    page.get_by_role("button", name="Start asking").click()
    page.wait_for_url("**/bench/sessions/*")
    session = page.url.partition("?")[0]
    page.evaluate(
        "window.begun = 1; window.told = []; addEventListener('bench:progress', (e) => told.push(e.detail.done), true)"
    )

    bar = page.get_by_role("progressbar", name="Asked")
    gate.open(10)
    expect(bar).to_have_attribute("value", "10", timeout=15_000)
    assert is_still_the_page(page)
    assert page.evaluate("told.at(-1)") == 10
    expect(page.locator("[data-rail-rows] .mark-open")).to_have_count(10)
    take(page, "bench-run")

    page.context.set_offline(True)
    expect(page.locator("[data-connection]")).to_contain_text("The connection is lost", timeout=10_000)
    page.context.set_offline(False)
    expect(page.locator("[data-connection]")).to_be_empty(timeout=15_000)

    stop = page.get_by_role("button", name="Stop")
    stop.press("Enter")
    expect(page.locator("#run-figures")).to_contain_text("Press Stop again to cut them off")
    take(page, "bench-run-stopping")
    page.wait_for_timeout(1_100)  # two presses within a second are one
    stop.press("Enter")
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_visible(timeout=15_000)
    expect(resume).to_be_focused()  # what was pressed is gone, and the keyboard stays where it was
    expect(page.locator("#run-figures")).to_contain_text("10 of 30")
    assert is_still_the_page(page)

    page.goto("/bench")
    row = page.get_by_role("row").filter(has_text="Комиссии, утро")
    expect(row).to_contain_text("Stopped")
    expect(row).to_contain_text("10 of 30")
    take(page, "bench-sessions", full_page=True)

    page.goto(f"{session}?item=30")
    expect(page.locator("[data-item]")).to_have_attribute("data-status", "pending")
    page.evaluate("window.begun = 1")
    gate.failing = {QUESTIONS[29]}
    gate.open(1000)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("[data-item]")).to_have_attribute("data-status", "error", timeout=15_000)
    expect(page.locator("[data-count=errors]")).to_have_text("1")
    page.route("**/annotation", lambda route: route.abort())
    page.locator("#comment").fill("Спросить ещё раз")  # and it is not saved
    gate.failing.clear()
    page.get_by_role("button", name="Retry the errors").click()
    page.locator(".raw summary").focus()
    expect(page.locator("[data-item]")).to_have_attribute("data-status", "ok", timeout=15_000)
    expect(page.locator("[data-heading]")).to_be_focused()  # what was read is gone, and the keyboard stays with it
    expect(page.locator("[data-article]")).to_contain_text(f"Ответ на: {QUESTIONS[29]}")
    expect(page.locator("#comment")).to_have_value("Спросить ещё раз")
    page.unroute("**/annotation")
    is_saved(page, 1)
    expect(page.locator("#run-figures")).to_contain_text("All asked")
    expect(page.locator("#run-figures")).to_contain_text("30 of 30")
    expect(page.locator("[data-count=errors]")).to_have_text("0")
    expect(page.locator("[data-rail-rows] .mark-open")).to_have_count(30)
    expect(bar).to_be_hidden()
    assert is_still_the_page(page)
    assert set(rag.questions) == {*QUESTIONS}
    assert len(rag.questions) <= 30 + 3 + 1  # those in flight at the stop were asked twice, as was the failed one

    page.goto(f"/bench/new?from={session.split('/')[-1].split('?')[0]}")
    expect(page.get_by_role("radio", name="IFT")).to_be_checked()
    page.get_by_role("button", name="Start asking").click()
    page.wait_for_url("**/bench/sessions/*")
    page.goto("/bench")
    compare = page.get_by_role("button", name="Compare the marked")
    marks = page.get_by_role("checkbox", name="Mark")
    expect(compare).to_be_disabled()
    marks.nth(0).check()
    expect(compare).to_be_disabled()
    marks.nth(1).check()
    compare.click()
    page.wait_for_url("**/bench/compare?*s=*&s=*")
