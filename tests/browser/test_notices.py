"""What an agent does beside its answer is said quietly while it runs and folded away afterwards."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import take
from tests.browser.test_chat import answers, expect_status, send
from tests.live.test_notices import ENDING, HOSTILE, chunk, source, tool

pytestmark = pytest.mark.browser
REASONING = "The person asks for *numbers*.\n\n<img src=x onerror=alert(1)> So I look them up."


def test_a_line_says_what_goes_on_and_the_answer_keeps_what_was_done(signed_in, chat, agent):
    page = signed_in()
    page.goto(f"/chats/{chat}")
    send(page, "How many?")
    line = answers(page).locator(".answering")
    call = agent.call().begin().chunk(chunk(reasoning_content=REASONING))
    expect(line).to_have_text("Thinking …")
    call.chunk(chunk(**tool("search_docs")))
    expect(line).to_have_text("Using search_docs …")
    page.reload()
    expect(line).to_have_text("Using search_docs …")
    call.chunk(chunk(**tool(f"{HOSTILE} {'w' * 300}", 1)))
    expect(line).to_contain_text("Using <script>alert(1)</script> look up www")
    take(page, "notices-running")
    call.chunk(chunk(content="There are 42."))
    expect(line).to_have_text("Live is answering")
    expect(answers(page).locator("[data-tail]")).to_have_text("There are 42.")
    call.chunk(chunk(**source("Handbook", "https://docs.test/h"))).chunk(chunk(**source("Trap", "javascript:alert(1)")))
    call.chunk(ENDING).end()
    expect_status(page, "complete")
    thoughts = answers(page).locator("details")
    expect(thoughts.locator("summary")).to_have_text("Thought for a moment · used 2 tools")
    expect(thoughts.locator(".reasoning")).to_be_hidden()
    thoughts.locator("summary").press("Enter")
    expect(thoughts.locator(".reasoning")).to_have_text(REASONING)
    expect(thoughts.locator("li")).to_have_count(2)
    sources = answers(page).locator(".sources li")
    expect(sources).to_have_text(["Handbook docs.test", "Trap"])
    expect(sources.get_by_role("link")).to_have_count(1)
    expect(sources.get_by_role("link")).to_have_attribute("href", "https://docs.test/h")
    expect(answers(page).locator("[data-blocks]")).to_have_text("There are 42.")
    take(page, "notices")
