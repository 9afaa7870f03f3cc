"""Testing an agent in a real browser: the page follows the test by itself, and says the same without colours."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREENSHOTS
from tests.live.conftest import add_agent

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_the_page_follows_a_test_to_its_end(signed_in, admin, agent, width, scheme):
    tested = add_agent(admin, agent.url, name="Weather of the whole world and its surroundings")
    page = signed_in("admin", viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(f"/agents/{tested}/test")
    page.get_by_role("textbox").fill("How is it?")
    page.get_by_role("button", name="Test this agent").click()
    expect(page.get_by_text("The test is running.")).to_be_visible()
    call = agent.call()
    page.screenshot(path=SCREENSHOTS / f"agent-test-running-{width}-{scheme}.png", full_page=True)
    call.begin("application/json", status=500).chunk(b'{"message": "Error in workflow"}').end()
    expect(page.get_by_text("The test failed.")).to_be_visible()
    expect(page.get_by_text("Seen: The agent answered 500")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_value("How is it?")
    shown = page.locator(".failures time").first.inner_text()
    assert shown == page.locator("#found time").inner_text()
    assert "UTC" not in shown
    steps = page.locator(".steps li")
    said = [" ".join(text.split()) for text in steps.all_inner_texts()]
    assert [line.split(" ms")[0].rstrip("0123456789 ") for line in said[:2]] == [
        "Address check done",
        "Connection done",
    ]
    assert said[2].startswith("First byte of the answer failed")
    assert said[3:] == ["Format not reached", "First text not reached", "End of the answer not reached"]
    page.screenshot(path=SCREENSHOTS / f"agent-test-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"/admin/agents/agent/{tested}/change/")
    page.screenshot(path=SCREENSHOTS / f"agent-test-admin-form-{width}-{scheme}.png")
    page.get_by_role("button", name="Test this agent").click()
    agent.call().begin().say("It is sunny.").end()
    expect(page.get_by_text("The agent answers.")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / f"agent-test-admin-{width}-{scheme}.png", full_page=True)
    page.goto("/admin/usage/")
    page.screenshot(path=SCREENSHOTS / f"agent-health-{width}-{scheme}.png", full_page=True)
