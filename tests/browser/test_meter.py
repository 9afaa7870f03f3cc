"""The meter beside the composer, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import let_in
from tests.browser.looks import take
from tests.browser.test_chat import answers, expect_status, send
from tests.live.conftest import add_agent
from tests.live.limited import add_limited

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def limited(server, demo):
    return add_limited(server, {"metered": (2, 200), "without-tier": (0, 0)})


def test_who_may_not_call_is_told_so(open_page, limited, sign_in, demo):
    chat = sign_in(limited["without-tier"]).new_chat(demo["agent"]["id"])
    page = open_page()
    let_in(page, limited["without-tier"])
    page.goto(f"/chats/{chat}")
    expect(page.get_by_text("You have no tier that allows calls of agents.")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_count(0)
    take(page, "no-tier")


def test_the_meter_follows_each_call_and_a_refused_text_is_kept(open_page, limited, sign_in, admin, agent):
    chat = sign_in(limited["metered"]).new_chat(add_agent(admin, agent.url))
    page = open_page(viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    let_in(page, limited["metered"])
    page.goto(f"/chats/{chat}")
    meter = page.locator("[data-meter]")

    expect(meter).to_contain_text("2 of 2 calls left this hour")
    send(page, "First")
    agent.call().begin().say("Yes").end()
    expect(meter).to_contain_text("1 of 2 calls left this hour")
    expect(meter).to_contain_text("199 of 200 calls left this month")
    expect_status(page, "complete")
    take(page, "meter-left")
    send(page, "Second")
    call = agent.call()
    expect(meter).to_contain_text("No calls left this hour: the next one is free at")
    call.begin("text/plain", 500).end()
    expect(meter).to_contain_text("1 of 2 calls left this hour")  # it brought nothing and is given back
    page.get_by_role("button", name="Try again").click()
    agent.call().begin().say("Yes").end()
    expect(meter).to_contain_text("No calls left this hour")
    expect(answers(page)).to_have_count(3)
    expect_status(page, "complete")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.get_by_label("Message", exact=True).fill("My long thoughts")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Your tier allows 2 calls of agents an hour.")
    expect(page.get_by_label("Message", exact=True)).to_have_value("My long thoughts")
    take(page, "meter-used-up")
