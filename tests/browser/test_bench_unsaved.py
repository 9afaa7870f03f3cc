"""What the review page does with words that are not saved: it keeps them, says so, and gives them to nobody else."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import SCREENSHOTS, let_in
from tests.browser.reviewing import is_at, is_saved, make_sessions, own, session_of
from tests.live.people import wait_until
from tests.servers import Server

pytestmark = pytest.mark.browser

ANNOTATION = "**/annotation"
UNSAVED = "Object.keys(sessionStorage).filter((key) => key.startsWith('bench-unsaved-'))"
RATED = {"overall": {"rating": "correct", "comment": "\nа\r\nб"}}


@pytest.fixture(scope="module")
def made(server: Server, demo, tmp_path_factory) -> dict[str, str]:
    names = ["людей", "имени", "связи", "отбора", "отказа", "отмены", "пути"]
    wanted = [session_of(f"Для {name}", 3, {0: RATED} if name == "пути" else None) for name in names]
    ids = make_sessions(server, demo["teammate"]["email"], wanted, tmp_path_factory.mktemp("unsaved"))
    return dict(zip(names, ids, strict=True))


@pytest.fixture
def open_at(signed_in, made):
    """Open a session at a question, as the teammate."""

    def open_at(name: str, number: int = 1) -> Page:
        page: Page = signed_in("teammate")
        page.goto(f"/bench/sessions/{made[name]}?item={number}")
        is_at(page, number)
        return page

    return open_at


def state(page: Page) -> Locator:
    return page.locator("[data-state]")


def comment(page: Page, session: str, index: int) -> str | None:
    return ((own(page, session, index)["data"] or {}).get("overall") or {}).get("comment")


def is_said(page: Page, sentence: str) -> None:
    """Look that everybody can see it, not only hear."""
    announcer = page.locator("#review-announcer")
    expect(announcer).to_have_text(sentence)
    box = announcer.bounding_box()
    assert box
    assert box["height"] > 10


@pytest.mark.parametrize("status", [200, 412])
def test_what_something_in_between_answers_is_no_answer(open_at, made, status):
    page, session, texts = open_at("связи", 3), made["связи"], [f"раз {status}", f"два {status}"]
    page.route(ANNOTATION, lambda route: route.fulfill(status=status, body="<h1>Proxy</h1>"), times=1)
    page.locator("#comment").fill(texts[0])
    expect(state(page)).to_contain_text("it is kept here")
    wait_until(lambda: comment(page, session, 2) == texts[0], 10)
    expect(state(page)).to_have_attribute("data-state", "saved")
    page.locator("#comment").fill(texts[1])
    wait_until(lambda: comment(page, session, 2) == texts[1], 10)


def test_whoever_signs_in_next_sends_nothing_of_who_wrote_before(open_at, made, demo):
    page = open_at("людей")
    page.route(ANNOTATION, lambda route: route.abort())
    page.locator("#comment").fill("только моё")
    expect(state(page)).to_contain_text("it is kept here")
    page.context.clear_cookies()
    let_in(page, demo["user"])
    page.goto(f"/bench/sessions/{made['людей']}?item=1")
    is_at(page, 1)
    expect(page.locator("#comment")).to_have_value("")
    assert page.evaluate(UNSAVED) == []


def test_once_somebody_else_is_signed_in_nothing_is_kept_under_their_name(open_at, made, demo):
    page, session = open_at("имени"), made["имени"]
    let_in(page, demo["user"])
    page.locator("[data-rail-rows] [data-index='2'] a").click()
    expect(state(page)).to_contain_text("You are signed in as")  # what they said of it is not shown
    is_at(page, 1)
    page.locator("#comment").fill("не от неё")
    expect(state(page)).to_contain_text("You are signed in as")
    page.keyboard.press("Control+Enter")
    is_at(page, 1)
    page.locator("[data-flag-box] summary").click()
    page.locator("#flag-comment").fill("и это не от неё")
    page.locator("[data-flag] button").click()
    expect(page.locator("#review-announcer")).to_contain_text("You are signed in as")
    assert own(page, session, 0)["version"] == 0
    assert page.request.get(f"/api/bench/sessions/{session}/items/0").json()["flags"] == []
    let_in(page, demo["teammate"])
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    is_saved(page, 1)
    assert comment(page, session, 0) == "не от неё"


def test_what_is_unsaved_is_told_of_and_sent_where_a_filter_holds_no_question(open_at, made):
    page, session = open_at("отбора"), made["отбора"]
    page.on("dialog", lambda dialog: dialog.accept())
    is_down = [True]
    page.route(ANNOTATION, lambda route: route.abort() if is_down else route.continue_())
    page.locator("#comment").fill("отобрано")
    expect(state(page)).to_contain_text("it is kept here")
    page.goto(f"/bench/sessions/{session}?filter=errors")
    expect(page.locator(".review-stage")).to_contain_text("Nothing to show")
    box = page.get_by_role("link", name="All questions").bounding_box()
    assert box
    assert box["height"] < 60
    expect(page.locator("[data-unsaved-elsewhere]")).to_have_text("Not saved yet on other questions: 1")
    is_down.clear()
    expect(page.locator("[data-unsaved-elsewhere]")).to_be_empty()
    assert comment(page, session, 0) == "отобрано"

    said = {"headers": {"If-Match": '"0"'}, "data": {"data": {"overall": {"rating": "correct", "comment": ""}}}}
    assert page.request.put(f"/api/bench/sessions/{session}/items/1/annotation", **said).ok
    page.evaluate("document.dispatchEvent(new CustomEvent('bench:progress'))")  # as while it is asked
    expect(page.locator("[data-count=unrated]")).to_have_text("2")


def test_all_that_was_written_offline_is_told_of_and_sent_after_a_reload(open_at, made):
    page, session = open_at("связи"), made["связи"]
    warned: list[str] = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    is_down = [True]
    page.route(ANNOTATION, lambda route: route.abort() if is_down else route.continue_())
    elsewhere = page.locator("[data-unsaved-elsewhere]")
    for number in (1, 2):
        page.locator("#comment").fill(f"без связи {number}")
        page.keyboard.press("Control+Enter")
        is_at(page, number + 1)
        expect(elsewhere).to_have_text(f"Not saved yet on other questions: {number}")
    page.screenshot(path=SCREENSHOTS / "bench-review-elsewhere.png")
    page.on("framenavigated", lambda _: is_down.clear())
    page.reload()
    is_at(page, 3)
    wait_until(lambda: [comment(page, session, index) for index in (0, 1)] == ["без связи 1", "без связи 2"], 5)
    expect(elsewhere).to_be_empty()
    assert warned == ["beforeunload"]


def test_what_is_refused_is_not_passed_over_and_is_sent_once_it_can_be(open_at, made, demo):
    page, session = open_at("отказа"), made["отказа"]
    texts = page.locator("[data-judgement] textarea")
    for place in range(3):
        texts.nth(place).fill("ж" * 3000)
    page.keyboard.press("Control+Enter")
    expect(state(page)).to_have_attribute("data-state", "refused")
    is_at(page, 1)
    for place in range(3):
        texts.nth(place).fill("")
    page.locator("#comment").fill("короче")
    page.keyboard.press("Control+Enter")
    is_at(page, 2)
    assert comment(page, session, 0) == "короче"

    page.context.clear_cookies()
    page.locator("#comment").fill("без входа")
    expect(state(page)).to_contain_text("you are signed out")
    page.keyboard.press("Control+Enter")
    is_at(page, 2)
    let_in(page, demo["teammate"])
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(page.locator("#comment")).to_have_value("без входа")  # it stays: a reload before it knows goes nowhere
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    is_saved(page, 1)
    assert comment(page, session, 1) == "без входа"


def test_leaving_waits_for_a_save_and_nothing_is_written_while_one_is_taken_back(open_at, made):
    page, session = open_at("отмены"), made["отмены"]
    held: list[Route] = []
    is_slow = [True]
    page.keyboard.press("1")
    is_saved(page, 1)
    page.route(ANNOTATION, lambda route: held.append(route) if is_slow else route.continue_())
    page.locator("#comment").fill("ещё не там")
    page.keyboard.press("Escape")
    expect(state(page)).to_have_attribute("data-state", "saving")
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()

    form = page.locator("[data-judgement]")
    page.keyboard.press("Control+z")
    expect(form).to_have_attribute("inert", "")
    is_slow.clear()
    held[0].continue_()
    expect(form).not_to_have_attribute("inert", "")
    expect(page.locator("#comment")).to_have_value("")
    assert own(page, session, 0)["version"] == 3
    is_said(page, "Undone.")


def test_going_through_saves_nothing_leads_to_what_is_unrated_and_raises_one_flag(signed_in, made):
    session = made["пути"]
    page = signed_in("teammate")
    with page.expect_response(re.compile(r"/items/1\?")):
        page.goto(f"/bench/sessions/{session}?item=1")
    is_at(page, 1)
    assert page.evaluate(UNSAVED) == []  # no field of a page gives its line ends back
    page.keyboard.press("j")
    with page.expect_response(re.compile(r"/items/2\?")):  # before the second is rated
        is_at(page, 2)
    page.keyboard.press("1")
    is_saved(page, 1)
    page.keyboard.press("j")
    is_at(page, 3)
    page.keyboard.press("1")
    is_saved(page, 1)
    page.keyboard.press("n")
    is_said(page, "Everything is rated.")
    is_at(page, 3)
    assert own(page, session, 0)["version"] == 1

    page.keyboard.press("x")
    page.locator("#flag-comment").fill("Обсудить")
    page.route("**/flags", lambda route: route.abort())
    page.keyboard.press("Control+Enter")
    is_said(page, "not saved")
    page.unroute("**/flags")
    page.locator("[data-flag] button").dblclick()
    expect(page.locator("[data-flags] .said")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    assert len(page.request.get(f"/api/bench/sessions/{session}/items/2").json()["flags"]) == 1

    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/flags", hold)
    page.locator("[data-flag-box] summary").click()
    page.locator("#flag-comment").fill("И это")
    with page.expect_request("**/flags"):
        page.keyboard.press("Control+Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    is_at(page, 2)
    held[0].continue_()
    page.locator("[data-rail-rows] [data-index='2'] .mark-flagged").wait_for()
    page.keyboard.press("j")
    is_at(page, 3)
    expect(page.locator("[data-flags] .said")).to_have_count(2)
    expect(page.locator("#flag-comment")).to_have_value("")  # it was raised
