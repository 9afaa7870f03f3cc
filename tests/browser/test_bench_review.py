"""The review of a session by a person who judges hundreds of answers a day."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import SCREENSHOTS
from tests.browser.looks import take
from tests.browser.reviewing import CTRL, SHIFT, Russian, heading, is_at, is_saved, make_sessions, own, session_of
from tests.servers import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def made(server: Server, demo, tmp_path_factory) -> dict[str, str]:
    """Sessions by what they are for, each with so many questions."""
    said = {0: {"overall": {"rating": "correct", "comment": "Как в тарифах."}}}
    wanted = [session_of("Раньше", 12, said), session_of("Раньше", 12), session_of("Клавиши", 12)]
    wanted += [session_of(title, 3) for title in ("Окна", "Связь", "Телефон")] + [session_of("Тысяча", 1000)]
    ids = make_sessions(server, demo["teammate"]["email"], wanted, tmp_path_factory.mktemp("review"))
    return dict(zip(["before", "again", "keys", "tabs", "offline", "phone", "thousand"], ids, strict=True))


def test_a_session_is_judged_by_keys_alone_under_a_russian_layout(signed_in, made):
    session = made["keys"]
    page = signed_in()
    page.goto(f"/bench/sessions/{session}")
    keys = Russian(page)
    page.evaluate("window.begun = 1")
    is_at(page, 1)

    keys.press("Digit1")
    is_saved(page, 1)
    expect(page.locator("[data-rail-rows] [data-index='0'] .mark-correct")).to_be_attached()
    expect(page.locator(".review-facts")).to_contain_text("1/12 rated")
    expect(page.locator("[data-count=unrated]")).to_have_text("10")
    expect(page.locator("[data-rail-rows] a:not([tabindex='-1'])")).to_have_count(1)  # one stop of the tabulator
    keys.press("KeyJ")
    is_at(page, 2)
    expect(heading(page)).to_be_focused()
    assert page.url.endswith("?item=2")

    keys.press("Digit3")
    keys.press("KeyI")
    expect(page.locator("[data-stage]").first).to_be_focused()
    keys.press("Digit4")  # of the first group: incomplete
    keys.press("KeyI")
    keys.press("Digit2")  # of the second: wrong source
    keys.press("Escape")
    keys.press("KeyC")
    expect(page.locator("#comment")).to_be_focused()
    keys.press("KeyJ")  # a letter here
    keys.write(" нет пункта 3.2")
    keys.press("Enter", CTRL)
    is_at(page, 3)
    said = own(page, session, 1)["data"]
    assert said["overall"] == {"rating": "incorrect", "comment": "о нет пункта 3.2"}
    assert said["body_research"]["issues"] == ["incomplete", "wrong_source"]

    keys.press("KeyZ", CTRL)  # takes the comment back, and goes to where it stood
    is_at(page, 2)
    expect(page.locator("#comment")).to_have_value("")
    assert own(page, session, 1)["data"]["overall"]["rating"] == "incorrect"
    keys.press("ArrowLeft")
    is_at(page, 1)
    keys.press("KeyN")
    is_at(page, 3)
    keys.press("KeyD")
    expect(page.locator("[data-documents] summary").first).to_be_focused()
    keys.press("KeyX")
    expect(page.locator("#flag-comment")).to_be_focused()
    keys.write("Спросить методолога")
    keys.press("Enter", CTRL)
    expect(page.locator("[data-flags]")).to_contain_text("Спросить методолога")
    expect(page.locator("[data-rail-rows] [data-index='2'] .mark-flagged")).to_be_attached()
    keys.press("Slash", SHIFT)
    expect(page.locator("[data-keys]")).to_be_visible()
    take(page, "bench-review-keys")
    keys.press("Digit1")  # not while a dialog is open
    keys.press("Escape")
    expect(page.locator("[data-keys]")).to_be_hidden()
    assert own(page, session, 2)["version"] == 0
    keys.press("ArrowRight")
    is_at(page, 4)
    keys.press("KeyK")
    is_at(page, 3)
    page.go_back()
    is_at(page, 4)
    assert page.evaluate("window.begun") == 1  # all of it without loading a page
    assert page.request.get(f"/api/bench/sessions/{session}").json()["n_rated"] == 2


def test_two_windows_on_one_answer_lose_nothing_and_choose(signed_in, made):
    session = made["tabs"]
    first = signed_in()
    first.goto(f"/bench/sessions/{session}?item=1")
    second = first.context.new_page()
    second.goto(f"/bench/sessions/{session}?item=1")
    is_at(second, 1)
    first.locator("#comment").fill("из первого окна")
    first.keyboard.press("Escape")
    is_saved(first, 1)
    expect(second.locator("#comment")).to_have_value("из первого окна")  # the other window was told

    second.route("**/annotation", lambda route: route.abort())  # what is written here does not arrive yet
    second.locator("#comment").fill("из второго окна")
    expect(second.locator("[data-state]")).to_contain_text("not saved", timeout=10_000)
    first.locator("#comment").fill("снова из первого")
    is_saved(first, 2)
    second.unroute("**/annotation")
    dialog = second.locator("[data-conflict]")
    expect(dialog).to_be_visible(timeout=20_000)
    expect(dialog.locator("[data-mine]")).to_have_text("из второго окна")
    expect(dialog.locator("[data-theirs]")).to_have_text("снова из первого")
    take(second, "bench-review-conflict")
    dialog.get_by_role("button", name="Join the comments").click()
    expect(second.locator("#comment")).to_have_value("снова из первого\nиз второго окна")
    is_saved(second, 3)
    assert own(first, session, 0)["data"]["overall"]["comment"] == "снова из первого\nиз второго окна"
    expect(first.locator("#comment")).to_have_value("снова из первого\nиз второго окна")


def test_what_is_written_offline_is_kept_and_saved_later_also_after_a_reload(signed_in, made):
    session = made["offline"]
    page = signed_in()
    page.goto(f"/bench/sessions/{session}?item=1")
    is_at(page, 1)
    page.context.set_offline(True)
    page.locator("[name=rating][value=incorrect]").check()
    expect(page.locator("[data-state]")).to_contain_text("it is kept here", timeout=10_000)
    take(page, "bench-review-offline")
    page.context.set_offline(False)
    is_saved(page, 1)
    assert own(page, session, 0)["rating"] == "incorrect"

    page.route("**/annotation", lambda route: route.abort())
    page.locator("#comment").fill("не дошло")
    expect(page.locator("[data-state]")).to_contain_text("not saved", timeout=10_000)
    page.unroute("**/annotation")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#comment")).to_have_value("не дошло")
    is_saved(page, 2)
    assert own(page, session, 0)["data"]["overall"] == {"rating": "incorrect", "comment": "не дошло"}


def test_a_phone_judges_by_touch(signed_in, made):
    session = made["phone"]
    page = signed_in(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.goto(f"/bench/sessions/{session}")
    is_at(page, 1)
    page.locator(".rail-open").tap()
    expect(page.locator("#rail")).to_be_visible()
    expect(page.locator("[data-rail-rows] [data-index='0'] a")).to_be_focused()
    page.locator("[data-rail-rows] [data-index='1']").tap()
    is_at(page, 2)
    expect(page.locator("#rail")).to_be_hidden()
    page.locator("[name=rating][value=partially_correct]").tap()
    page.get_by_role("button", name="Save and next").tap()
    is_at(page, 3)
    assert own(page, session, 1)["rating"] == "partially_correct"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=SCREENSHOTS / "bench-review-phone.png", full_page=True)


def test_a_thousand_questions_are_never_all_on_the_page(signed_in, made):
    page = signed_in()
    page.goto(f"/bench/sessions/{made['thousand']}?item=700")
    is_at(page, 700)
    rows = page.locator("[data-rail-rows] [data-index]")
    expect(page.locator("[data-rail-rows] [aria-current]")).to_contain_text("#700")
    expect(page.locator("[data-rail-rows] [aria-current]")).to_be_in_viewport()
    page.locator("[data-rail]").evaluate("rail => { rail.scrollTop = 0; }")
    expect(page.locator("[data-rail-rows] [data-index='0']")).to_be_in_viewport()
    assert rows.count() <= 700
    page.locator("[data-rail]").evaluate("rail => { rail.scrollTop = rail.scrollHeight; }")
    expect(page.locator("[data-rail-rows] [data-index='999']")).to_be_in_viewport()
    page.locator("[data-rail-rows] [data-index='999'] a").click()
    is_at(page, 1000)


def test_a_question_that_cannot_be_fetched_is_asked_for_once_at_a_time(signed_in, made):
    page, asked = signed_in(), []
    page.goto(f"/bench/sessions/{made['again']}?item=5")
    is_at(page, 5)

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route("**/items/4?*", refuse)
    for _ in range(5):  # answers came to the session
        with page.expect_event("requestfailed"):
            page.evaluate("document.dispatchEvent(new CustomEvent('bench:progress'))")
    page.wait_for_timeout(3_000)
    assert len(asked) <= 7


def test_the_page_is_whole_in_every_look(signed_in, made):
    page = signed_in()
    page.goto(f"/bench/sessions/{made['again']}?item=1")
    take(page, "bench-review")
    page.goto(f"/bench/sessions/{made['again']}?item=5")
    take(page, "bench-review-error", full_page=True)


def test_without_scripts_forms_do_the_same(signed_in, made):
    session = made["before"]
    page = signed_in(java_script_enabled=False)
    page.goto(f"/bench/sessions/{session}?item=2&filter=unrated")
    page.get_by_label("Partly correct").check()
    page.get_by_label("Comment C").fill("без скриптов")
    page.get_by_role("button", name="Save and next").click()
    is_at(page, 3)
    assert own(page, session, 1)["data"] == {"overall": {"rating": "partially_correct", "comment": "без скриптов"}}
    page.goto(f"/bench/sessions/{session}?item=2")
    page.get_by_label("Comment C").fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Earlier versions").click()
    page.get_by_role("button", name="Put back v1").click()
    assert own(page, session, 1)["data"]["overall"]["comment"] == "без скриптов"
