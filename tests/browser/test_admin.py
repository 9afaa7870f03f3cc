"""The administration in a real browser: the strict policy has nothing to refuse, on any kind of page."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SCREENSHOTS, OpenPage
from tests.live.conftest import Demo
from tests.live.people import Person

pytestmark = pytest.mark.browser
LISTS = [
    "tenants/team",
    "accounts/user",
    "accounts/refreshsession",
    "accounts/apikey",
    "accounts/externalidentity",
    "accounts/invitation",
    "accounts/auditentry",
    "agents/agent",
    "agents/run",
    "usage",
    "chats/chat",
    "chats/message",
    "chats/idempotencykey",
]


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"admin-{name}.png", full_page=True)


@pytest.mark.parametrize(("who", "scheme"), [("operator", "light"), ("admin", "dark")])
def test_no_page_needs_more_than_the_policy_allows(
    open_page: OpenPage,
    demo: Demo,
    user: Person,
    who: str,
    scheme: str,
) -> None:
    """`open_page` fails the test if the browser's policy had to step in or a script failed."""
    user.new_chat(demo["agent"]["id"])
    page = open_page(color_scheme=scheme)
    page.goto("/admin/")
    picture(page, f"{who}-login")
    page.get_by_label("E-mail").fill(demo[who].get("email") or demo[who]["username"])
    page.get_by_label("Password").fill(demo[who]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")
    picture(page, f"{who}-index")
    links: dict[str, str] = {}
    for path in LISTS:
        page.goto(f"/admin/{path}/")
        name = f"{who}-{path.replace('/', '-')}"
        picture(page, name)
        rows = page.locator("#result_list tbody th a")
        if rows.count():
            rows.first.click()
            picture(page, f"{name}-change")
            for link in page.locator("a.historylink, a.deletelink").all():
                links[f"{name}-{link.get_attribute('class')}"] = link.get_attribute("href")
    for name, address in links.items():
        page.goto(address)
        picture(page, name)
    own = ["accounts/tier"] if who == "operator" else []
    for path in ("accounts/user", "agents/agent", *own):
        page.goto(f"/admin/{path}/add/")
        picture(page, f"{who}-{path.replace('/', '-')}-add")


def test_autocomplete_and_popups_work_under_the_policy(
    open_page: OpenPage,
    demo: Demo,
    user: Person,
) -> None:
    user.new_chat(demo["agent"]["id"])
    page = open_page()
    page.goto("/admin/login/?next=/admin/chats/chat/")
    page.get_by_label("E-mail").fill(demo["admin"]["email"])
    page.get_by_label("Password").fill(demo["admin"]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.locator("#result_list tbody th a").first.click()
    page.locator(".field-agent .select2-selection").click()
    option = page.locator(".select2-results__option", has_text=re.compile("agent", re.IGNORECASE)).first
    option.wait_for()
    picture(page, "autocomplete")
    option.click()
    page.locator("input[name=_continue]").click()
    assert "was changed successfully" in page.locator(".messagelist").inner_text()
    page.goto("/admin/accounts/user/")
    page.locator("#result_list .action-select").last.check()  # the first is oneself
    page.locator("select[name=action]").select_option("delete_selected")
    page.locator("button[name=index]").click()
    assert page.locator("#content h1").inner_text() == "Delete multiple objects"
