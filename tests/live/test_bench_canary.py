"""Secrets of the bench, used by a real server, reach the service; no log and no copy of the database has them."""

import json
from pathlib import Path

import httpx
import pytest

from tests.bench.rag import Reply, rag_service
from tests.live.people import wait_until
from tests.live.test_dump import disguises, dump, pieces

pytestmark = pytest.mark.processes
TOKEN = "Lq2-token-of-a-person-at-the-bench"
OF_CONTRACT = "Rw8-token-set-by-a-back-end"
HEADER = "Tz5-value-of-a-header-of-the-team"
MARK = "Вопрос живого сервера"
SECONDS = 30


def echoing(asked):
    came = f"{asked.headers.get('Authorization')} / {asked.headers.get('X-Key')}"
    return Reply(500, json.dumps({"detail": came})) if "2" in asked.question else {"body": came, "trace": {came: came}}


def submit(page, path, **fields):
    """Send a form of a page as its person."""
    return page.post(path, data={**fields, "csrfmiddlewaretoken": page.cookies["csrftoken"]})


@pytest.fixture
def session(server, demo):
    """Have a session run with secrets by a service that repeats them."""
    with rag_service() as rag, httpx.Client(base_url=server.base_url, timeout=30) as admin:
        rag.answer = echoing
        admin.get("/sign-in")
        submit(admin, "/sign-in", email=demo["admin"]["email"], password=demo["admin"]["password"])
        limits = {"max_concurrent": "2", "answer_seconds": "20", "list_seconds": "20"}
        header = {"name_0": "X-Key", "value_0": HEADER}
        target = submit(admin, "/bench/targets/ift", backend_url=rag.backend_url, **limits, **header)
        own = {"environment": "ift", "ift-apiMode": "backend", "ift-resetSessionMode": "on"}
        saved = submit(admin, "/bench/settings", **own, **{"ift-new_token": TOKEN})
        assert (target.status_code, saved.status_code) == (303, 303)
        contract(server, demo)
        questions = "\n".join(f"{MARK} {number}?" for number in (1, 2))
        started = submit(admin, "/bench/new", environment="ift", questions=questions, stop_after_errors="10")
        assert started.status_code == 303, started.text
        made = started.headers["Location"].split("/")[3]
        wait_until(lambda: admin.get(f"/api/bench/sessions/{made}/run").json()["state"] == "done", SECONDS)
        assert {asked.headers["Authorization"] for asked in rag.asked} == {f"Bearer {TOKEN}"}
        assert {asked.headers["X-Key"] for asked in rag.asked} == {HEADER}
        assert submit(admin, "/bench/settings/check", environment="ift").status_code == 303
        submit(admin, "/bench/targets/ift", remove="1")
        yield


def contract(server, demo):
    """Set a token over the contract, and read it back."""
    key = {"X-API-Key": demo["service_key"]}
    with httpx.Client(base_url=f"{server.base_url}/api/v1/users/", headers=key, timeout=30) as back_end:
        user = back_end.post("login", json={"login": "00471147"}).json()["user_id"]
        refused = {"settings": {"psi": {"bearerToken": OF_CONTRACT, "withClassify": "yes"}}}
        assert back_end.put(f"{user}/settings", json=refused).status_code == 400
        sent = {"settings": {"psi": {"bearerToken": OF_CONTRACT}}}
        assert back_end.put(f"{user}/settings", json=sent).status_code == 200
        assert back_end.get(f"{user}/settings").json()["settings"]["psi"]["bearerToken"] == OF_CONTRACT


@pytest.mark.usefixtures("session")
def test_a_secret_is_in_no_log_and_in_no_copy_of_the_database(server):
    copy = dump(Path(server.env["DATA_DIR"]), server.env.get("DATABASE_URL"))
    log = server.log.read_bytes()
    assert MARK.encode() in copy or json.dumps(MARK)[1:-1].encode() in copy
    assert b"Bad Request: /api/v1/users/" in log  # it writes of what is refused
    for name, secret in {"token": TOKEN, "contract": OF_CONTRACT, "header": HEADER}.items():
        assert not any(piece in copy or piece in log for piece in pieces(secret)), name
        assert not any(form.lower() in copy.lower() for form in disguises(secret)), name
