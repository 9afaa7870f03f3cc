"""Sessions to review in a browser, the keyboard of somebody who judges, and what is looked at."""

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.servers import Server

MAKE = """
import json
from accounts.models import User
from benchsessions.queries import analyst_of
from benchsessions.sessions import Asked, create_session
from tenants.scope import tenant_scope, unsafe_all_tenants

with unsafe_all_tenants(reason="test"):
    owner = User.objects.get(email={email!r})
made = []
with tenant_scope(owner.team_id):
    for session in json.load(open({file!r})):
        said = session.pop("annotations")
        session["annotations"] = said and {{int(index): data for index, data in said.items()}}
        session["questions"] = [Asked(*asked) for asked in session["questions"]]
        place = {{"environment": "psi", "api_mode": "backend"}}
        made.append(str(create_session(owner=analyst_of(owner), **place, **session).id))
print("MADE" + json.dumps(made))
"""
REFERENCE = {"answer": "Переводы до 100 000 ₽ в месяц бесплатны.", "documents": ["Тарифы", "Условия"]}
DOCUMENT = {"title": "Тарифы", "url": "https://bank.example/tariffs", "content": "п. 3.2 " * 40, "score": 0.8312}
TEXT = "**Комиссии нет** до 100 000 ₽ в месяц.\n\n- затем 0,5 %\n- не больше 1 500 ₽"
ERROR = {"status": "error", "error": {"kind": "timeout", "http_status": 504, "message": "Upstream timed out"}}


def session_of(title: str, count: int, annotations: Any = None) -> dict[str, Any]:
    """Describe a session; the first question has a reference, the fifth an error for an answer."""
    texts = [f"{title} {number}: какая комиссия за перевод по СБП?" for number in range(1, count + 1)]
    questions = [({"body": text, "with_docs": True}, {} if place else REFERENCE) for place, text in enumerate(texts)]
    answers = [ERROR if place == 4 else {"body": TEXT, "docs": [DOCUMENT]} for place in range(count)]
    return {"title": title, "questions": questions, "response": answers, "annotations": annotations}


def make_sessions(server: Server, email: str, sessions: list[dict[str, Any]], folder: Path) -> list[str]:
    """Make sessions that belong to somebody; return their ids."""
    file = folder / "sessions.json"
    file.write_text(json.dumps(sessions))
    printed = server.manage("shell", "-c", MAKE.format(email=email, file=str(file)))
    return json.loads(re.search("MADE(.*)", printed)[1])


# What the keys of a Russian layout send: the place of the key, and the letter that is printed on it.
RUSSIAN = {
    "KeyJ": "о", "KeyK": "л", "KeyN": "т", "KeyI": "ш", "KeyC": "с", "KeyD": "в", "KeyX": "ч", "KeyZ": "я",
    "Slash": ",", "Enter": "Enter", "Escape": "Escape", "ArrowLeft": "ArrowLeft", "ArrowRight": "ArrowRight",
}  # fmt: skip
CODES = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "Slash": 191}
CTRL, SHIFT = 2, 8


class Russian:
    """A keyboard with a Russian layout."""

    def __init__(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self._page = page

    def press(self, code: str, modifiers: int = 0) -> None:
        key = code[-1] if code.startswith("Digit") else RUSSIAN[code]
        number = CODES.get(code) or ord(code[-1])
        event = {"code": code, "key": key, "modifiers": modifiers, "windowsVirtualKeyCode": number}
        text = {"text": key} if len(key) == 1 and not modifiers else {}
        self._cdp.send("Input.dispatchKeyEvent", {"type": "keyDown", **event, **text})
        self._cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    def write(self, text: str) -> None:
        self._page.keyboard.insert_text(text)


def heading(page: Page):
    return page.locator("[data-heading]")


def is_at(page: Page, number: int) -> None:
    expect(heading(page)).to_contain_text(f"#{number} ")
    expect(page.locator("[data-stage-of-item]")).not_to_have_attribute("aria-busy", "true")


def is_saved(page: Page, version: int) -> None:
    expect(page.locator(".save-state")).to_have_text(re.compile(rf"saved .* · v{version}\s*$"))


def own(page: Page, session: str, index: int):
    return page.request.get(f"/api/bench/sessions/{session}/items/{index}/annotation").json()
