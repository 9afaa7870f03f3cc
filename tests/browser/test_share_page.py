"""Visitors of a share link in a real browser: the door, the room, the waiting room, the end."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import take

pytestmark = pytest.mark.browser
BOXES = """() => [...document.querySelectorAll("bdi, [dir=auto]")]
  .filter((part) => part.textContent.includes("\\u202e"))
  .map((part) => getComputedStyle(part).display)"""
ANSWER = "# Leases\n\nA lease is a **place for a while**:\n\n- it begins when somebody joins\n- it ends by itself\n\n"


@pytest.fixture
def share(user, chat):
    """Make a link to the chat; returns the address of its room."""

    def share(**fields):
        body = {"title": "What a lease is", "description": "Read along, or ask something yourself.", **fields}
        answer = user.post(f"/mid/sessions/{chat}/share", json=body)
        assert answer.status_code == 200, answer.text
        return f"/share/{answer.json()['share_token']}"

    return share


def revoke(user, address):
    user.delete(f"/mid{address}").raise_for_status()


def send(page, text):
    field = page.get_by_label("Message", exact=True)
    expect(field).to_be_enabled()
    field.fill(text)
    page.get_by_role("button", name="Send").click()


def test_a_visitor_says_the_password_and_a_name_speaks_and_sees_the_end(open_page, user, share, agent):
    address = share(password="open sesame", asks_name=True)
    page = open_page()
    page.goto(address)
    page.get_by_label("Password").fill("open barley")
    page.get_by_label("Your name").fill("Vera")
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_role("alert")).to_contain_text("not the password")
    page.get_by_label("Password").fill("open sesame")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 10 here")).to_be_visible()
    send(page, "What is a lease?")
    mine = page.locator(".said.own")
    expect(mine).to_contain_text("What is a lease?")
    expect(mine).to_contain_text("Vera")
    call = agent.call()
    call.begin().say(ANSWER)
    expect(page.locator(".answer strong")).to_have_text("place for a while")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    expect(page.get_by_text("You can send when the answer is complete.")).to_be_visible()
    page.get_by_label("Message", exact=True).fill("And then?")
    call.end()
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    expect(page.get_by_label("Message", exact=True)).to_have_value("And then?")
    revoke(user, address)
    expect(page.get_by_role("alert")).to_have_text("This link was revoked.", timeout=2000)
    expect(page.locator(".ended")).to_be_focused()
    expect(page.locator(".answer strong")).to_be_visible()
    expect(page.locator("form")).to_have_count(0)
    expect(page.get_by_label("Your message was not sent")).to_have_value("And then?")
    page.reload()
    expect(page.get_by_role("heading", name="This conversation is closed")).to_be_visible()


def test_a_reader_sees_what_others_say_and_cannot_write(open_page, user, chat, share, agent):
    page = open_page()
    page.goto(share(can_write=False))
    expect(page.get_by_text("You can read along here, not write.")).to_be_visible()
    expect(page.locator("textarea")).to_have_count(0)
    with user.sending(chat, "Can they hear us?"):
        call = agent.call()
        call.begin().say("They **can**.\n\n")
        expect(page.locator(".said")).to_contain_text("Can they hear us?")
        expect(page.locator(".answer strong")).to_have_text("can")
        call.end()
    expect(page.locator(".answering")).to_have_count(0)


def test_whoever_waits_comes_in_when_another_leaves(open_page, share):
    address = share(max_concurrent_users=1)
    first, second = open_page(), open_page()
    first.goto(address)
    expect(first.get_by_text("1 of 1 here")).to_be_visible()
    second.goto(address)
    expect(second.get_by_text("You are next.")).to_be_visible()
    expect(first.get_by_text("1 of 1 here, 1 waiting")).to_be_visible()
    first.get_by_role("button", name="Leave").click()
    expect(first.get_by_text("You have left the conversation.")).to_be_visible()
    expect(second.get_by_text("1 of 1 here")).to_be_visible()


def test_without_scripts_a_visitor_comes_in_speaks_and_leaves(open_page, share, agent):
    page = open_page(java_script_enabled=False)
    page.goto(share(asks_name=True))
    page.get_by_label("Your name").fill("Vera")
    page.get_by_role("button", name="Come in").click()
    page.get_by_label("Message", exact=True).fill("Hello?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".said.own")).to_contain_text("Hello?")
    agent.call().begin().say("Hello, Vera.").end()
    page.get_by_label("Message", exact=True).fill("And then?")
    page.get_by_role("button", name="Look for news").click()
    expect(page.locator(".answer")).to_contain_text("Hello, Vera.")
    expect(page.get_by_label("Message", exact=True)).to_have_value("And then?")
    expect(page.locator(".said")).to_have_count(1)
    expect(page.locator("[data-copy]")).to_have_count(1)
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("You have left the conversation.")).to_be_visible()


def test_a_title_turns_nothing_around_it(signed_in, user, chat, share):
    turned = "\u2069\u202egnihton"  # ends what isolates it, then runs from right to left
    user.patch(f"/api/chats/{chat}", json={"title": turned}).raise_for_status()
    room = share(title=turned, description=turned, can_fork=True)
    page = signed_in()
    for address in ("/chats", f"/chats/{chat}/delete", f"/chats/{chat}/share", "/links", room, f"{room}/copy"):
        page.goto(address)
        boxes = page.evaluate(BOXES)
        assert boxes, address
        assert "inline" not in boxes, address  # what is no box of its own goes on in its line


def test_those_in_a_room_see_who_types(open_page, share):
    address = share()
    first, second = open_page(), open_page()
    first.goto(address)
    second.goto(address)
    expect(first.get_by_text("2 of 10 here")).to_be_visible()
    expect(second.get_by_text("2 of 10 here")).to_be_visible()
    second.get_by_label("Message", exact=True).press_sequentially("Well")
    expect(first.get_by_text("Guest is typing …")).to_be_visible()
    expect(second.locator("[data-typing]")).to_have_text("")


def test_the_pages_fit_every_screen(open_page, share, agent):
    rooms = {
        "room": share(can_fork=True),
        "read-only": share(can_write=False, title="w" * 150, description="w" * 300),
        "door": share(password="open sesame", asks_name=True),
        "waiting": share(max_concurrent_users=1),
    }
    open_page().goto(rooms["waiting"])
    guest = open_page(viewport={"width": 360, "height": 740})
    guest.goto(rooms["room"])
    send(guest, "What is a lease?")
    call = agent.call()
    call.begin().say(ANSWER + "```python\nlease = 60\n```\n\nAnd it goes on")
    expect(guest.locator(".answer pre")).to_be_visible()
    page = open_page()
    for name, address in {**rooms, "unknown": "/share/unknown"}.items():
        page.goto(address)
        take(page, f"share-{name}")
    call.end()
    guest.locator("summary", has_text="You are").click()
    take(guest, "share-name")
    guest.get_by_label("Your name here").fill("Vera")
    guest.get_by_role("button", name="Change").click()
    expect(guest.locator("summary", has_text="You are Vera")).to_be_visible()
