"""What the review page writes: the same with and without scripts, taken back step by step, and never lost."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.reviewing import CTRL, Russian, is_at, is_saved, make_sessions, own, session_of
from tests.live.people import wait_until
from tests.servers import Server

pytestmark = pytest.mark.browser

ODD = {
    "overall": {"rating": "почти", "comment": "было", "уверенность": 0.7},
    "body_research": {"issues": ["своё", "incomplete"], "rating": "good", "k": None},
    "my_section": {"anything": [{"goes": None}]},
}
STANDING = {0: ODD, 2: {"overall": {"rating": "correct", "comment": "было", "x": 1}}}
# What is written into the form of each question: a rating, issues that are ticked or not, and texts.
WRITTEN: list[dict[str, Any]] = [
    {"issues": {"incomplete": False, "hallucination": True}, "texts": {"comment": "стало"}},
    {"rating": "incorrect", "issues": {"incomplete": True}, "texts": {"docs_research-comment": "раз\nдва"}},
    {"rating": "", "texts": {"comment": ""}},
]
KEPT = [
    {
        **ODD,
        "overall": {**ODD["overall"], "comment": "стало"},
        "body_research": {**ODD["body_research"], "issues": ["своё", "hallucination"]},
    },
    {
        "overall": {"rating": "incorrect"},
        "body_research": {"issues": ["incomplete"]},
        "docs_research": {"comment": "раз\nдва"},
    },
    {"overall": {"rating": None, "comment": "", "x": 1}},
]
QUESTION = re.compile(r"/bench/sessions/[^/]+/items/\d+\?")


@pytest.fixture(scope="module")
def made(server: Server, demo, tmp_path_factory) -> list[str]:
    wanted = [session_of(f"Сессия {number}", 3, STANDING) for number in range(2)] + [session_of("Пустая", 3)]
    return make_sessions(server, demo["teammate"]["email"], wanted, tmp_path_factory.mktemp("saving"))


def write(page: Page, rating: str | None = None, issues: dict[str, bool] | None = None, **given: Any) -> None:
    if rating is not None:
        page.locator(f"[name=rating][value='{rating}']").check()
    for issue, is_ticked in (issues or {}).items():
        page.locator(f"[name=body_research-issues][value={issue}]").set_checked(is_ticked)
    for name, text in given.get("texts", {}).items():
        page.locator(f"[data-judgement] [name={name}]").fill(text)


def test_the_form_writes_the_same_with_scripts_and_without(signed_in, made):
    for session, has_scripts in zip(made, (True, False), strict=False):
        page = signed_in("teammate", java_script_enabled=has_scripts)
        page.goto(f"/bench/sessions/{session}?item=1")
        for number, written in enumerate(WRITTEN, 1):
            is_at(page, number)
            write(page, **written)
            page.get_by_role("button", name="Save and next").click()
        expect(page.locator("[data-state]")).to_contain_text("saved")
        assert [own(page, session, index)["data"] for index in range(3)] == KEPT, has_scripts


def test_saves_are_taken_back_one_by_one_and_nothing_is_lost_where_the_page_cannot_be_drawn_anew(signed_in, made):
    session = made[2]
    page = signed_in("teammate")
    keys = Russian(page)
    page.goto(f"/bench/sessions/{session}?item=1")
    is_at(page, 1)
    for version, digit in enumerate(("Digit1", "Digit3"), 1):
        keys.press(digit)
        is_saved(page, version)
    keys.press("KeyJ")
    is_at(page, 2)
    keys.press("Digit2")
    is_saved(page, 1)

    for number, chosen in ((2, ""), (1, "correct"), (1, "")):
        keys.press("KeyZ", CTRL)
        is_at(page, number)
        expect(page.locator(f"[name=rating][value='{chosen}']")).to_be_checked()
    keys.press("KeyZ", CTRL)
    expect(page.locator("#review-announcer")).to_have_text("There is nothing to undo.")
    assert [own(page, session, index)["rating"] for index in range(2)] == [None, None]

    form = page.locator("[data-judgement]")
    page.locator("#comment").fill("до обрыва")
    is_saved(page, 5)
    page.keyboard.press("Escape")
    page.route(QUESTION, lambda route: route.abort())
    keys.press("KeyZ", CTRL)
    expect(page.locator("[data-state]")).to_contain_text("could not be loaded")
    expect(form).to_have_attribute("inert", "")
    keys.press("Digit4")  # would be lost
    page.unroute(QUESTION)
    expect(form).not_to_have_attribute("inert", "", timeout=10_000)
    expect(page.locator("#comment")).to_have_value("")
    page.locator("#comment").fill("после обрыва")
    is_saved(page, 7)

    page.evaluate(
        """address => fetch(address, {
          method: "PUT",
          headers: {"Content-Type": "application/json", "If-Match": "*"},
          body: JSON.stringify({data: {overall: {comment: "оттуда"}}}),
        })""",
        f"/api/bench/sessions/{session}/items/0/annotation",
    )
    page.locator("#comment").fill("отсюда")
    page.route(QUESTION, lambda route: route.abort())
    page.get_by_role("button", name="Keep what is here").click()
    expect(page.locator("[data-state]")).to_contain_text("could not be loaded")
    page.unroute(QUESTION)
    expect(form).not_to_have_attribute("inert", "", timeout=10_000)
    expect(page.locator("#comment")).to_have_value("отсюда")
    page.locator("#comment").fill("и дальше")
    is_saved(page, 10)

    page.locator("#comment").fill("в последний миг")
    page.goto(f"/bench/sessions/{session}?item=2")
    wait_until(lambda: own(page, session, 0)["data"]["overall"]["comment"] == "в последний миг", 5)
    keys.press("KeyK")
    is_at(page, 1)
    expect(page.locator("#comment")).to_have_value("в последний миг")
