"""A back end that speaks the bench contract, with a key of its team."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from tenants.models import Team
from tests.keys import new_key

ANSWERS = [
    {
        "body": "Карту можно закрыть в приложении или в отделении — «Закрыть карту».",
        "docs": [{"id": "d-91", "title": "Тарифы", "url": "https://bank.example/т", "content": "3.2", "score": 0.83}],
        "classification": {"label": "cards.close", "score": 0.91, "деревья": [[1, None], {"глубже": {"ещё": True}}]},
        "elapsed_ms": 1834,
        "error": None,
    },
    {"body": "Комиссия — 0 ₽ до 50 000 ₽ в месяц 🙂.", "docs": [], "unknown": {"a": [1.5, 2**60, ""]}},
]
REQUEST = [
    {"body": "Как закрыть карту?", "with_docs": True},
    {"body": "Какая комиссия за перевод по СБП?", "with_docs": False, "topic": {"код": "sbp", "пусто": None}},
]
SAID = {
    "0": {"overall": {"rating": "correct", "comment": ""}},
    "1": {
        "overall": {"rating": "почти", "comment": "Нет пункта 3.2", "уверенность": 0.7},
        "body_research": {"issues": ["incomplete", "нет ссылки"], "comment": "см. «Тарифы»"},
        "my_section": {"anything": [{"goes": None}]},
    },
}
SESSION = {
    "environment": "psi",
    "api_mode": "bench",
    "request": REQUEST,
    "response": {"answers": ANSWERS, "trace": "т-1"},
    "annotations": SAID,
}


@dataclass
class BackEnd:
    """The contract's caller; answers are Django's."""

    headers: dict[str, str]

    def __post_init__(self) -> None:
        self.client = Client()

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Call the contract; `body` is text or bytes as they are, or anything as JSON."""
        if not isinstance(body, bytes | str | None):
            body = json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, f"/api/v1/users/{path}", body or "", "application/json", headers={**self.headers, **sent}
        )

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def login(self, digits: str = "00123456") -> str:
        """Sign somebody in; return their id."""
        answer = self.send("POST", "login", {"login": digits, "client_ip": "192.168.1.100"})
        assert answer.status_code == 200, answer.content
        return str(answer.json()["user_id"])

    def keep(self, user: str, **fields: Any) -> dict[str, Any]:
        """Make a session; return it whole."""
        answer = self.send("POST", f"{user}/sessions", {**SESSION, **fields})
        assert answer.status_code == 201, answer.content
        made: dict[str, Any] = answer.json()
        return made


def back_end_of(team: Team) -> BackEnd:
    return BackEnd({"X-API-Key": new_key(team, ["bench"])[1]})
