"""The bench contract once from the first call to the last, over HTTP, as the bench's back end goes through it."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.bench.calling import ANSWERS, REQUEST, SAID, SESSION

pytestmark = pytest.mark.processes
JSON = {"Content-Type": "application/json"}


def back_end(server, key: str) -> httpx.Client:
    return httpx.Client(base_url=f"{server.base_url}/api/v1/users", headers={"X-API-Key": key}, timeout=60)


def refused(answer: httpx.Response, status: int, path: str = "") -> None:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json"), answer.text[:300]
    assert {"detail", "error_code"} <= answer.json().keys()
    assert not path or path in answer.json()["errors"]


def in_pieces(body: bytes):
    yield from (body[start : start + 2**20] for start in range(0, len(body), 2**20))


def test_a_session_from_the_login_to_its_end(server, demo):
    with back_end(server, demo["service_key"]) as bench, back_end(server, demo["other_service_key"]) as stranger:
        entered = bench.post("/login", json={"login": "00004711", "client_ip": "192.168.1.100"}).json()
        user = entered["user_id"]
        assert (entered["login"], entered["last_login_at"][-1]) == ("00004711", "Z")
        assert bench.post("/login", json={"login": "00004711"}).json()["user_id"] == user
        refused(bench.post("/login", json={"login": "０0004711"}), 400, "login")
        refused(httpx.post(f"{server.base_url}/api/v1/users/login", json={"login": "00004711"}), 401)

        own = {"apiMode": "backend", "bearerToken": "т-1", "withClassify": True, "новое": [1]}
        kept = bench.put(f"/{user}/settings", json={"settings": {"psi": own}}).json()
        assert own.items() <= kept["settings"]["psi"].items()
        assert {**bench.get(f"/{user}/settings").json(), "warnings": []} == kept
        refused(stranger.get(f"/{user}/settings"), 404)
        refused(bench.put(f"/{user}/settings", json={"settings": {"psi": {"withClassify": "да"}}}), 400)

        made = bench.post(f"/{user}/sessions", json=SESSION)
        assert (made.status_code, SESSION.items() <= made.json().items()) == (201, True)
        path = f"/{user}/sessions/{made.json()['session_id']}"
        assert SESSION.items() <= bench.get(path).json().items()
        listed = bench.get(f"/{user}/sessions", params={"environment": "psi", "limit": 1}).json()
        assert (listed["total"], listed["sessions"][0]["session_id"]) == (1, made.json()["session_id"])
        refused(bench.get(f"/{user}/sessions?environment=dev"), 400, "environment")

        # Two tabs save at the same moment: one of them is told what stands, and nothing is lost.
        maps = [{"0": {"overall": {"rating": rating, "comment": "вкладка"}}} for rating in ("correct", "incorrect")]
        with ThreadPoolExecutor(2) as pool:
            tabs = list(
                pool.map(
                    lambda said: bench.put(
                        path, json={"annotations": said}, headers={"If-Match": made.headers["ETag"]}
                    ),
                    maps,
                )
            )
        assert sorted(tab.status_code for tab in tabs) == [200, 412]
        [won] = [tab for tab in tabs if tab.status_code == 200]
        [lost] = [tab for tab in tabs if tab.status_code == 412]
        assert lost.json()["current"] == bench.get(path).json()
        assert lost.headers["ETag"] == won.headers["ETag"]
        assert won.json()["changes"] == {"changed": 1, "cleared": 1}
        again = bench.put(path, json={"annotations": SAID}, headers={"If-Match": lost.headers["ETag"]})
        assert (again.status_code, again.json()["annotations"]) == (200, SAID)

        for bad in (
            b'{"response": [1e400]}',
            b"[" * 5000,
            b'{"a": 1, "a": 2}',
            b'{"annotations": {"07": {}}}',
            b"\xff",
        ):
            refused(bench.put(path, content=bad, headers=JSON), 400)
        unkeepable = json.dumps({"response": {"answers": [{"body": "a\x00б"}, {"body": "\udc00"}]}})
        nul = bench.put(path, content=unkeepable, headers=JSON)
        assert nul.json()["response"] == {"answers": [{"body": "a\ufffdб"}, {"body": "\ufffd"}]}
        assert nul.json()["annotations_meta"]["replaced_characters"] == 2
        refused(bench.put(path, json={"request": REQUEST}), 409)

        assert bench.delete(path).status_code == 204
        refused(bench.get(path), 404)


def test_thirty_megabytes_are_taken_and_what_is_more_is_refused(server, demo):
    with back_end(server, demo["service_key"]) as bench:
        user = bench.post("/login", json={"login": "00004712"}).json()["user_id"]
        answers = [{**ANSWERS[0], "body": "Ответ. " * 20_000}] * 130
        body = {**SESSION, "request": REQUEST[:1] * 130, "response": answers, "annotations": {}}
        large = json.dumps(body, ensure_ascii=False).encode()
        assert 28 * 2**20 < len(large) < 32 * 2**20
        made = bench.post(f"/{user}/sessions", content=large, headers=JSON)
        assert made.status_code == 201, made.text[:300]
        assert bench.get(f"/{user}/sessions/{made.json()['session_id']}").json()["response"] == answers
        for content in (large + b" " * 5 * 2**20, in_pieces(large + b" " * 5 * 2**20)):
            refused(bench.post(f"/{user}/sessions", content=content, headers=JSON), 413)
        refused(bench.put(f"/{user}/settings", content=large, headers=JSON), 413)
        assert bench.get(f"/{user}/sessions").json()["total"] == 1
