"""People send files with a message in a real browser."""

import base64

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.pictures import picture
from tests.browser.looks import take
from tests.live.conftest import add_agent

pytestmark = pytest.mark.browser

PHOTO = {"name": "photo.png", "mimeType": "image/png", "buffer": picture(size=(300, 200))}
NOTES = {"name": "notes of a very long walk through the hills and back again.md", "mimeType": "", "buffer": b"# Walk"}
HUGE = {"name": "huge.txt", "mimeType": "text/plain", "buffer": b"x" * (5 * 2**20 + 1)}
BRING = """([how, name, data, place]) => {
  const brought = new DataTransfer();
  brought.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  if (how === "paste") options.clipboardData = brought;
  else options.dataTransfer = brought;
  const event = how === "paste" ? new ClipboardEvent("paste", options) : new DragEvent(how, options);
  return !document.querySelector(place).dispatchEvent(event);
}"""


def bring(page: Page, how: str, name: str, place: str = "#draft") -> bool:
    """Drop or paste a picture; tell whether the page took it, as otherwise the browser opens it."""
    return page.evaluate(BRING, [how, name, base64.b64encode(PHOTO["buffer"]).decode(), place])


def choose(page: Page, *files: dict) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files(list(files))


def chosen(page: Page):
    return page.get_by_role("list", name="Chosen files").locator(".chip-name")


@pytest.fixture
def quick(user, admin) -> str:
    return user.new_chat(add_agent(admin, "", name="Quick", kind="demo", config={"demo_seconds": 0.01}))


def test_files_are_chosen_taken_back_and_sent(signed_in, quick):
    page = signed_in()
    page.goto(f"/chats/{quick}")
    choose(page, PHOTO, NOTES)
    bring(page, "paste", "pasted.png")
    bring(page, "drop", "dropped.png")
    expect(chosen(page)).to_have_text(["photo.png", NOTES["name"], "pasted.png", "dropped.png"])
    page.get_by_role("button", name="Remove pasted.png").click()
    expect(page.get_by_role("button", name="Remove dropped.png")).to_be_focused()
    page.keyboard.press("Enter")
    expect(chosen(page)).to_have_text(["photo.png", NOTES["name"]])
    page.get_by_role("button", name="Send").click()
    said = page.locator("article.said")
    expect(said.get_by_role("img", name="photo.png")).to_be_visible()
    expect(said.get_by_role("link", name=NOTES["name"])).to_be_visible()
    expect(chosen(page)).to_have_count(0)
    assert page.locator("#files").evaluate("(field) => field.files.length") == 0
    assert said.locator("img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 300
    expect(page.locator("article.answer")).to_have_attribute("data-status", "complete")
    page.reload()
    assert said.locator("img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 300
    with page.expect_download() as download:
        said.get_by_role("link", name=NOTES["name"]).click()
    assert download.value.suggested_filename == NOTES["name"]


def test_files_are_caught_wherever_they_are_dropped(signed_in, quick):
    page = signed_in()
    page.goto(f"/chats/{quick}")
    for place in ("header", "#sidebar", "[data-messages]"):
        assert bring(page, "dragover", "dropped.png", place)
        assert bring(page, "drop", "dropped.png", place)
    expect(chosen(page)).to_have_count(3)


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_files_for_an_agent_that_takes_none_are_refused_with_a_word(signed_in, user, admin, agent, how):
    page = signed_in()
    page.goto(f"/chats/{user.new_chat(add_agent(admin, agent.url, kind='langserve'))}")
    assert bring(page, how, "dropped.png")
    expect(page.get_by_role("alert")).to_have_text("This agent takes no files.")


def test_files_dropped_where_nothing_can_be_sent_leave_the_page_as_it_is(signed_in, user, admin, agent):
    agent_id = add_agent(admin, agent.url)
    chat = user.new_chat(agent_id)
    admin.patch(f"/api/agents/{agent_id}", json={"is_active": False}).raise_for_status()
    page = signed_in()
    page.goto(f"/chats/{chat}")
    expect(page.get_by_text("This agent is no longer available to you.")).to_be_visible()
    expect(page.locator("[data-jump]")).to_be_hidden()
    page.wait_for_load_state("networkidle")
    assert bring(page, "dragover", "dropped.png", "[data-messages]")
    assert bring(page, "drop", "dropped.png", "[data-messages]")


def test_a_refused_message_keeps_its_text_and_its_files(signed_in, quick):
    page = signed_in()
    page.goto(f"/chats/{quick}")
    choose(page, PHOTO, HUGE)
    expect(page.get_by_role("alert")).to_contain_text("“huge.txt” is too large")
    expect(chosen(page)).to_have_text(["photo.png"])
    choose(page, {"name": "letter.docx", "mimeType": "", "buffer": b"PK\x03\x04\x00\x00"})
    field = page.get_by_label("Message", exact=True)
    field.fill("What is this?")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("“letter.docx” cannot be sent.")
    expect(field).to_have_value("What is this?")
    expect(chosen(page)).to_have_text(["photo.png", "letter.docx"])
    page.get_by_role("button", name="Remove letter.docx").click()
    field.press("Enter")
    expect(page.locator("article.said").get_by_role("img", name="photo.png")).to_be_visible()
    expect(field).to_have_value("")


def test_without_scripts_the_plain_field_sends_files(signed_in, quick):
    page = signed_in(java_script_enabled=False)
    page.goto(f"/chats/{quick}")
    page.get_by_label("Attach files").set_input_files([PHOTO])
    page.get_by_role("button", name="Send").click()
    expect(page.locator("article.said").get_by_role("img", name="photo.png")).to_be_visible()


def test_files_fit_every_screen(signed_in, user, quick):
    brought = [("files", (file["name"], file["buffer"])) for file in (PHOTO, NOTES)]
    sent = user.post(f"/api/chats/{quick}/messages", data={"content": "Look at these."}, files=brought)
    assert sent.status_code == 200, sent.text
    page = signed_in()
    page.goto(f"/chats/{quick}")
    choose(page, PHOTO, NOTES)
    bring(page, "dragover", "dropped.png")
    page.evaluate("scrollTo(0, 0)")
    take(page, "attachments")
