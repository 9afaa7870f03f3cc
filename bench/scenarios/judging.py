"""What grows with a bench session: saving a verdict, opening it and listing several, small and large in turn."""

import json
from collections.abc import Callable
from itertools import count
from statistics import median
from time import perf_counter
from typing import Any, Final

import httpx

from bench.door import Door
from bench.figures import Figure
from bench.stage import Stage

SIZES: Final = (10, 1_000, 5_000)
SESSIONS: Final = 3
TURNS: Final = 20
SENTENCE: Final = "Карту можно закрыть в приложении или в отделении, для этого понадобится паспорт. "


class Bench:
    """The sessions of one analyst, all of one size."""

    def __init__(self, door: Door, size: int) -> None:
        self.size = size
        self.person = door.user
        self._key = {"Authorization": f"Bearer {door.service_key}"}
        self._client = httpx.Client(base_url=door.server.base_url, headers=self._key, timeout=120)
        entered = self._client.post("/api/v1/users/login", json={"login": f"{size:08}"}).raise_for_status()
        self._home = f"/api/v1/users/{entered.json()['user_id']}"
        body = json.dumps(_session(size)).encode()
        self.made_in = [self._timed(lambda: self._post(body)) for _ in range(SESSIONS)]
        self.session = self._client.get(f"{self._home}/sessions").json()["sessions"][0]["session_id"]
        self._turn = count()

    def save(self) -> float:
        """Rate the next question; return milliseconds."""
        turn = next(self._turn)
        index = turn * 7 % self.size
        said = {"overall": {"rating": ("correct", "incorrect")[turn % 2], "comment": f"нет пункта {turn}"}}
        url = f"/api/bench/sessions/{self.session}/items/{index}/annotation"
        return self._timed(lambda: self.person.put(url, json={"data": said}, headers={"If-Match": "*"}))

    def open(self) -> float:
        """Open the page on which the session is judged; return milliseconds."""
        return self._timed(lambda: self.person.get(f"/bench/sessions/{self.session}"))

    def list(self) -> float:
        """List the analyst's sessions; return milliseconds."""
        return self._timed(lambda: self._client.get(f"{self._home}/sessions"))

    def read(self) -> float:
        """Read the whole session, which has to grow with it; return milliseconds."""
        return self._timed(lambda: self._client.get(f"{self._home}/sessions/{self.session}"))

    def _post(self, body: bytes) -> httpx.Response:
        return self._client.post(f"{self._home}/sessions", content=body, headers={"Content-Type": "application/json"})

    def _timed(self, call: Callable[[], httpx.Response]) -> float:
        begun = perf_counter()
        call().raise_for_status()
        return (perf_counter() - begun) * 1000


def measure(stage: Stage) -> list[Figure]:
    """Do each thing with a session of each size in turn, over and over."""
    with stage.parley() as door:
        benches = {size: Bench(door, size) for size in SIZES}
        figures = []
        for name, turns in (("save", TURNS), ("open", TURNS), ("list", TURNS), ("read", 3)):
            figures += _compare(benches, name, turns * stage.rounds)
    made = [Figure(f"make, {size} questions", bench.made_in, "ms") for size, bench in benches.items()]
    return [*figures, *made]


def _compare(benches: dict[int, Bench], name: str, turns: int) -> list[Figure]:
    """Time one thing in turn for every size; say what the largest costs against the smallest."""
    times: dict[int, list[float]] = {size: [] for size in benches}
    for turn in range(turns + 1):
        for size, bench in benches.items():
            spent = getattr(bench, name)()
            if turn:  # the first warms up
                times[size].append(spent)
    middles = {size: median(spent) for size, spent in times.items()}
    smallest, largest = min(middles), max(middles)
    figures = [Figure(f"{name}, {size} questions", [middle], "ms") for size, middle in middles.items()]
    return [*figures, Figure(f"{name}, largest to smallest", [middles[largest] / middles[smallest]], "")]


def _session(size: int) -> dict[str, Any]:
    """Return a session as the contract has it, some 2 KB an answer."""
    docs = [{"id": f"d-{rank}", "title": "Тарифы", "content": SENTENCE * 2, "rank": rank} for rank in range(1, 4)]
    return {
        "environment": "psi",
        "api_mode": "backend",
        "request": [{"body": f"Как закрыть карту номер {number}?", "with_docs": True} for number in range(size)],
        "response": {"answers": [{"body": f"{number}. {SENTENCE * 4}", "docs": docs} for number in range(size)]},
        "annotations": {str(number): {"overall": {"rating": "correct", "comment": ""}} for number in range(0, size, 2)},
    }
