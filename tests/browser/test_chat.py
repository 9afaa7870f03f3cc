"""People talk to an agent in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import fill_sign_in, let_in
from tests.live.conftest import add_agent
from tests.live.people import Person
from tests.servers import start_server

pytestmark = pytest.mark.browser

# A socket that connects when the test says so, as late as on a slow line.
LATE_SOCKET = """
const Real = WebSocket;
window.WebSocket = class extends EventTarget {
  constructor(url) {
    super();
    window.connectSocket = () => {
      const socket = new Real(url);
      for (const type of ["open", "message", "close"])
        socket.addEventListener(type, (event) => this.dispatchEvent(new event.constructor(type, event)));
    };
  }
  send() {}
};
"""

# A socket whose frames wait until the test lets them come; what announces a message comes too late and is left out.
HELD_FRAMES = """
const Real = WebSocket;
const held = [];
window.releaseFrames = () => held.splice(0).forEach((release) => release());
window.WebSocket = class extends EventTarget {
  constructor(url) {
    super();
    const socket = new Real(url);
    for (const type of ["open", "close"])
      socket.addEventListener(type, (event) => this.dispatchEvent(new event.constructor(type, event)));
    socket.addEventListener("message", (event) => {
      if (JSON.parse(event.data).type === "entry") return;
      held.push(() => this.dispatchEvent(new MessageEvent("message", { data: event.data })));
    });
  }
  send() {}
};
"""


def send(page: Page, text: str) -> None:
    field = page.get_by_label("Message", exact=True)
    expect(field).to_be_focused()  # the last thing that the page's scripts do when they start
    field.fill(text)
    page.keyboard.press("Enter")


def answers(page: Page):
    return page.locator("article.answer")


def expect_status(page: Page, status: str, timeout: float = 10_000) -> None:
    expect(answers(page).last).to_have_attribute("data-status", status, timeout=timeout)


def test_from_signing_in_to_the_finished_answer(open_page, demo, admin):
    add_agent(admin, "", name="Slow demo", kind="demo", config={"demo_seconds": 10})
    page = open_page()
    fill_sign_in(page, demo["user"])
    page.get_by_role("link", name="New chat", exact=True).click()
    page.get_by_role("button", name="Slow demo").click()
    send(page, "How do you answer?")
    growing = answers(page).last
    expect(growing).to_contain_text("How do you answer?")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.reload()
    expect(growing).to_have_attribute("data-status", "streaming")
    expect(growing).to_contain_text("I am the demonstration agent")
    expect_status(page, "complete", timeout=20_000)
    expect(growing.locator("pre .k").first).to_have_text("def")
    expect(growing.locator("table td").first).to_have_text("words")
    expect(page.get_by_role("heading", level=1)).to_have_text("How do you answer?")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def test_an_answer_grows_and_survives_a_reload(signed_in, chat, agent):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    send(page, "Go")
    call = agent.call().begin().say("First *block*.\n\nThe tail")
    expect(answers(page).locator("[data-blocks] em")).to_have_text("block")
    expect(answers(page).locator("[data-tail]")).to_have_text("The tail")
    page.reload()
    expect(answers(page).locator("[data-tail]")).to_have_text("The tail")
    call.say(" goes on")
    expect(answers(page).locator("[data-tail]")).to_have_text("The tail goes on")
    expect(answers(page).locator("[data-blocks] em")).to_have_count(1)
    call.end()
    expect_status(page, "complete")
    expect(answers(page)).to_contain_text("The tail goes on")
    expect(page.get_by_text("is answering")).to_have_count(0)


def test_nothing_is_missing_when_the_socket_opens_late(signed_in, chat, agent):
    page = signed_in()
    page.add_init_script(LATE_SOCKET)
    page.goto(f"/chats/{chat}")
    send(page, "Go")
    call = agent.call().begin().say("First block.\n\n")
    page.wait_for_timeout(300)  # the beginning is saved, what follows is not yet
    call.say("Second block.\n\nThe ")
    page.evaluate("connectSocket()")
    blocks = answers(page).locator("[data-blocks] p")
    expect(blocks).to_have_text(["First block.", "Second block."])
    call.say("third.\n\n")
    expect(blocks).to_have_text(["First block.", "Second block.", "The third."])
    call.end()
    expect_status(page, "complete")


def test_what_was_asked_elsewhere_and_answered_before_the_socket_opened_is_there(signed_in, user, chat, agent):
    page = signed_in()
    page.add_init_script(LATE_SOCKET)
    page.goto(f"/chats/{chat}")
    with user.sending(chat, "From another device") as reading:
        agent.call().begin().say("All of it").end()
        reading.rest()
    expect(answers(page)).to_have_count(0)
    page.evaluate("connectSocket()")
    expect(answers(page)).to_contain_text("All of it")
    expect_status(page, "complete")
    expect(page.locator("h1")).to_have_text("From another device")


def test_an_answer_is_stopped_and_tried_again(signed_in, chat, agent):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    send(page, "Go")
    agent.call().begin().say("Kept")
    expect(answers(page)).to_contain_text("Kept")
    page.get_by_role("button", name="Stop").click()
    expect_status(page, "stopped")
    expect(answers(page)).to_contain_text("Kept")
    page.get_by_role("button", name="Try again").click()
    agent.call().begin().say("Whole").end()
    expect(answers(page)).to_have_count(2)
    expect_status(page, "complete")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_text_that_comes_after_its_answer_was_fetched_whole_changes_nothing(signed_in, chat, agent):
    page = signed_in()
    page.add_init_script(HELD_FRAMES)
    page.goto(f"/chats/{chat}")
    send(page, "Go")
    agent.call().begin().say("All of it").end()
    expect_status(page, "complete", timeout=40_000)  # fetched, as no frame comes
    page.evaluate("releaseFrames()")
    expect(answers(page).get_by_text("All of it")).to_have_count(1)
    expect_status(page, "complete")


def test_a_failure_is_told_in_a_sentence(signed_in, chat, agent):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    send(page, "Go")
    agent.call().begin("application/json", status=500).end()
    expect_status(page, "failed")
    expect(answers(page).get_by_text("The agent failed.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_two_windows_see_one_answer(signed_in, chat, agent):
    first, second = signed_in(), signed_in()
    for page in (first, second):
        page.goto(f"/chats/{chat}")
    send(first, "Both of you")
    call = agent.call().begin().say("Hello")
    for page in (first, second):
        expect(page.locator(".bubble")).to_have_text("Both of you")
        expect(answers(page).locator("[data-tail]")).to_have_text("Hello")
    second.get_by_role("button", name="Stop").click()
    for page in (first, second):
        expect_status(page, "stopped")
    assert call.closed.wait(10)


def test_the_page_knows_of_a_crash_without_a_reload(browser, agent, tmp_path):
    with start_server(tmp_path, RUN_LEASE_SECONDS="6") as server:
        people = server.demo
        with Person(server, people["admin"]["email"], people["admin"]["password"]) as admin:
            add_agent(admin, agent.url)
        page = browser.new_page(base_url=server.base_url)
        let_in(page, people["user"])
        page.goto("/chats")
        page.get_by_role("link", name="New chat", exact=True).click()
        page.get_by_role("button", name="Live").click()
        send(page, "Are you there?")
        agent.call().begin().say("Just as I was going to")
        expect(answers(page)).to_contain_text("Just as I was")
        page.wait_for_timeout(2500)  # the text is saved by then
        server.kill()
        expect(page.get_by_text("Connection lost")).to_be_visible()
        page.get_by_label("Message", exact=True).fill("Not lost")
        server.start()
        expect_status(page, "interrupted", timeout=20_000)
        expect(answers(page)).to_contain_text("Just as I was going to")
        expect(page.get_by_text("Connection lost")).to_have_count(0)
        expect(page.get_by_label("Message", exact=True)).to_have_value("Not lost")
        page.close()


def test_a_message_that_cannot_be_sent_is_kept(signed_in, chat):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    page.route("**/send", lambda route: route.abort())
    send(page, "Precious")
    expect(page.get_by_role("alert")).to_contain_text("could not be sent")
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Precious")


def test_a_button_that_does_nothing_looks_the_same_under_the_pointer(signed_in, chat, agent):
    page = signed_in(reduced_motion="reduce")
    page.goto(f"/chats/{chat}")
    send(page, "Go")
    call = agent.call().begin().say("On its way")
    button = page.get_by_role("button", name="Send")
    expect(button).to_be_disabled()
    page.wait_for_timeout(50)  # until no transition is left
    looks = "(button) => [getComputedStyle(button).backgroundColor, getComputedStyle(button).color]"
    before = button.evaluate(looks)
    button.hover(force=True)
    page.wait_for_timeout(50)
    assert button.evaluate("(button) => button.matches(':hover')")
    assert button.evaluate(looks) == before
    call.end()
    expect_status(page, "complete")


def test_a_stop_that_does_not_arrive_says_so_until_the_connection_is_back(signed_in, chat, agent):
    page = signed_in()
    page.add_init_script(LATE_SOCKET)
    page.goto(f"/chats/{chat}")
    send(page, "Go")
    agent.call().begin().say("Still here")
    expect_status(page, "streaming")
    page.route("**/stop", lambda route: route.abort())
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute("**/stop")
    page.evaluate("connectSocket()")
    expect(page.get_by_role("alert")).to_be_hidden()
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    expect_status(page, "stopped")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


def test_a_dialog_gives_the_focus_back_to_its_menu(signed_in, chat):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    menu = page.locator(".chat-head summary")
    menu.click()
    page.get_by_role("link", name="Delete").click()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()


def test_a_message_too_long_is_refused_before_it_is_sent(signed_in, chat):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    send(page, "x" * 65_539)
    expect(page.get_by_role("alert")).to_contain_text("3 characters too long")
    expect(page.locator(".bubble")).to_have_count(0)


def test_scrolling_up_lets_go_of_the_end(signed_in, chat, agent):
    page = signed_in(viewport={"width": 800, "height": 600})
    page.goto(f"/chats/{chat}")
    send(page, "Much")
    call = agent.call().begin().say("A line.\n\n" * 60)
    expect(answers(page).get_by_text("A line.").last).to_be_in_viewport()
    page.mouse.wheel(0, -500)
    expect(page.get_by_role("button", name="Jump to latest")).to_be_visible()
    place = page.evaluate("scrollY")
    call.say("The end.\n\n")
    expect(answers(page).get_by_text("The end.")).to_have_count(1)
    assert page.evaluate("scrollY") == place
    page.get_by_role("button", name="Jump to latest").click()
    expect(answers(page).get_by_text("The end.")).to_be_in_viewport()
    call.end()
    expect_status(page, "complete")


def test_without_scripts_the_answer_comes_all_the_same(signed_in, chat, agent):
    page = signed_in(java_script_enabled=False)
    page.goto(f"/chats/{chat}")
    page.get_by_label("Message", exact=True).fill("Plain")
    page.get_by_role("button", name="Send").click()
    call = agent.call().begin().say("It *came*.")
    expect(page.get_by_text("is answering")).to_be_visible()
    call.end()
    expect_status(page, "complete")
    expect(answers(page).locator("em")).to_have_text("came")


def test_the_keyboard_reaches_everything(signed_in, chat):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.get_by_label("Message", exact=True).fill("One")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Two")
    expect(page.get_by_label("Message", exact=True)).to_have_value("One\nTwo")
    menu = page.locator(".chat-head summary")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rename")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Rename")).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_chat_is_renamed_and_deleted(signed_in, chat):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    page.locator(".chat-head summary").click()
    page.get_by_label("Title").fill("Another name")
    page.get_by_role("button", name="Rename").click()
    expect(page).to_have_title(re.compile("Another name"))
    page.locator(".chat-head summary").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("“Another name” was deleted.")).to_be_visible()


def test_signing_out_ends_the_open_page(signed_in, chat):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    other = page.context.new_page()
    other.goto("/chats")
    other.locator(".site-header summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("signed out")).to_be_visible(timeout=10_000)


def test_after_signing_in_again_elsewhere_the_page_says_to_reload_and_keeps_the_text(signed_in, chat, demo):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    other = page.context.new_page()
    other.goto("/chats")
    other.locator(".site-header summary").click()
    other.get_by_role("button", name="Sign out").click()
    fill_sign_in(other, demo["user"])
    send(page, "Precious")
    expect(page.get_by_role("alert")).to_contain_text("reload the page")
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Precious")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".bubble")).to_have_text("Precious")
