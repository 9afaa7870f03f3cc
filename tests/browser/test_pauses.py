"""An agent that is left alone for a while, in a real browser: what is told goes when it is over, and covers nothing."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.browser.looks import take
from tests.browser.test_chat import answers, send
from tests.live.test_breaker import fail

pytestmark = pytest.mark.browser
IS_ON_TOP = """async (button) => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  const { left, top, width, height } = button.getBoundingClientRect();
  return document.elementFromPoint(left + width / 2, top + height / 2) === button;
}"""


@pytest.fixture
def paused(user, chat, agent) -> str:
    """A chat whose agent has just failed as often as it may."""
    for _ in range(settings.AGENT_BREAKER_FAILURES):
        fail(user, chat, agent)
    return chat


def test_a_pause_and_its_refusals_are_told_while_they_last_and_cover_nothing(signed_in, paused):
    page = signed_in(viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    page.clock.install()
    page.goto(f"/chats/{paused}")
    told = page.locator("[data-pause]")
    refusal = page.get_by_role("alert")
    again = answers(page).last.get_by_role("button", name="Try again")
    expect(told).to_contain_text("Try again in about")
    take(page, "pause-told")
    send(page, "Are you well?")
    expect(refusal).to_contain_text("Try again in about")
    expect(told).to_be_hidden()  # one of them is enough
    page.get_by_label("Message", exact=True).fill("Are you?")
    expect(told).to_be_visible()
    again.click()
    expect(refusal).to_contain_text("Try again in about")
    take(page, "pause-refused")
    page.clock.fast_forward(1000 * (settings.AGENT_BREAKER_PAUSE_SECONDS + 1))
    expect(told).to_have_count(0)
    expect(refusal).to_be_hidden()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Are you?")
    page.route("**/retry", lambda route: route.abort())
    again.click()
    expect(refusal).to_contain_text("The server cannot be reached.")
    assert again.evaluate(IS_ON_TOP)  # the list has moved up by as much as the refusal is high
