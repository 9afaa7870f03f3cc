"""Second opinions in a browser: what people differ on is decided by keys, whatever alphabet they write in."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import take
from tests.servers import Server

pytestmark = pytest.mark.browser

MAKE = """
import json
from accounts.models import User
from benchsessions.annotating import save_annotation
from benchsessions.opinions import ask_second_opinion
from benchsessions.queries import analyst_of
from benchsessions.sessions import Asked, create_session
from tenants.scope import tenant_scope, unsafe_all_tenants

with unsafe_all_tenants(reason="test"):
    people = [User.objects.get(email=email) for email in {emails!r}]
with tenant_scope(people[0].team_id):
    owner, mate = map(analyst_of, people)
    session = create_session(
        owner=owner, environment="psi", api_mode="backend", title="Ипотека, регресс 12",
        questions=[Asked({{"body": f"Какая ставка по ипотеке для программы {{n}}?"}}) for n in range(1, 13)],
        response=[{{"body": f"Ставка по программе {{n}} — от 6 % годовых."}} for n in range(1, 13)],
    )
    ask_second_opinion(session_id=session.id, reviewer=mate, by=owner, every=1)
    first = ["correct", "correct", "partially_correct", "incorrect"]
    second = ["correct", "incorrect", "correct", "incorrect"]
    for index in range(10):
        for author, ratings in ((owner, first), (mate, second)):
            comment = "Нет ставки для зарплатных клиентов. " * (index % 3)
            said = {{"overall": {{"rating": ratings[index % 4], "comment": comment}},
                    "body_research": {{"issues": ["incomplete"] if index % 2 else [], "comment": ""}}}}
            save_annotation(session_id=session.id, index=index, author=author, data=said, version=0)
print("MADE" + json.dumps(str(session.id)))
"""


def test_differences_are_decided_by_keys_alone(server: Server, demo, signed_in) -> None:
    code = MAKE.format(emails=[demo["user"]["email"], demo["teammate"]["email"]])
    made = json.loads(re.search("MADE(.*)", server.manage("shell", "-c", code))[1])
    page = signed_in("user")
    page.goto(f"/bench/sessions/{made}/agreement")
    take(page, "bench-agreement", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.get_by_role("link", name="To decide (5)")).to_be_visible()
    cdp = page.context.new_cdp_session(page)

    def press(code: str, key: str) -> None:
        event = {"code": code, "key": key, "windowsVirtualKeyCode": ord(code[-1])}
        cdp.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": key, **event})
        cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    press("KeyJ", "о")
    press("KeyJ", "о")
    expect(page.locator("#question-3")).to_be_focused()
    press("KeyK", "л")
    expect(page.locator("#question-2")).to_be_focused()
    press("Digit3", "3")
    expect(page.get_by_role("link", name="To decide (4)")).to_be_visible()
    expect(page.locator("#question-3")).to_be_focused()
    press("Digit1", "1")
    expect(page.get_by_role("link", name="Decided (2)")).to_be_visible()
    page.locator("#question-2").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Decided (1)")).to_be_visible()

    page = signed_in("teammate")
    page.goto(f"/bench/sessions/{made}/agreement")
    expect(page.get_by_role("heading", name="10 of 12 answers rated")).to_be_visible()
    take(page, "bench-agreement-blind")
    page.goto(f"/bench/sessions/{made}/export")
    take(page, "bench-export")
