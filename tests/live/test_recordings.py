"""Recorded answers of a real n8n and the cases of every format, through a real server, a real run and the real API."""

import json
from pathlib import Path

import pytest

from tests.live.people import Person
from tests.live.replay import CUTS, Answer, replay
from tests.wire.cases import CASES

pytestmark = pytest.mark.processes
DATA = Path(__file__).parent.parent / "data" / "n8n-2.8.4"
GREETING = "Hello wörld 😀\nbye\u2028end"
RECORDED = {
    "chat-lastnode": (GREETING, None),
    "does-not-exist": ("", "AGENT_NOT_REGISTERED"),
    "fail-last": ("", "AGENT_FAILED"),
    "fail-stream": ("", "AGENT_FAILED"),
    "json-last": ("Echo: Hi there", None),
    "json-last-all": ("Echo: Hi there", None),
    "json-last-nodata": ("", "AGENT_EMPTY"),
    "json-onreceived": ("", "AGENT_RESPOND_IMMEDIATELY"),
    "json-respond": ("Echo: Hi there", None),
    "json-respond-json": ("Echo: Hi there", None),
    "sse-respond": ("Echo: Hi there", None),
    "stream-agent-nostream": ("", "AGENT_EMPTY"),
    "stream-auth": ("", "AGENT_AUTH"),
    "stream-die": ("Hello wör", "AGENT_FAILED"),
    "stream-err500": ("", "AGENT_FAILED"),
    "stream-noagent": ("", "AGENT_EMPTY"),
    "stream-ok": (GREETING, None),
    "stream-respond15": ("Echo: Hi there", None),
    "stream-tools-v3": ("Let me calculate. " + GREETING, None),
}


def recorded(name):
    meta = json.loads((DATA / f"{name}.meta.json").read_text())
    framing = {"content-length", "connection", "transfer-encoding"}
    headers = {key: value for key, value in meta["headers"].items() if key not in framing}
    succeeds = RECORDED[name][1] is None
    return Answer(name, (DATA / f"{name}.body").read_bytes(), headers, succeeds, meta["status"])


def written(case):
    headers = {"Content-Type": case.content_type} if case.content_type else {}
    return Answer(case.name, case.body, headers, case.code is None)


@pytest.fixture(scope="module")
def replayed(server):
    """All of them at once: what became of each, by name and cut."""
    people = [server.demo[role] for role in ("user", "admin")]
    user, admin = (Person(server, who["email"], who["password"]) for who in people)
    with user, admin:
        return replay([*map(recorded, RECORDED), *map(written, CASES)], user, admin)


def check(seen, text, code):
    """Check what was read and what is kept."""
    first, *_, last = seen.events
    assert first.type == "status"
    assert (seen.text, last.type, last.data.get("code")) == (text, "error" if code else "done", code)
    assert (seen.kept["content"], seen.kept.get("error_code")) == (text, code)
    assert seen.kept["status"] == ("failed" if code else "complete")


def test_every_recording_is_expected():
    assert {path.stem for path in DATA.glob("*.body")} == set(RECORDED)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_recorded_answer(replayed, name, cut):
    check(replayed[name, cut], *RECORDED[name])


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_written_case(replayed, case, cut):
    seen = replayed[case.name, cut]
    check(seen, case.text, case.code and case.code.upper())
    assert case.replaced or not any(event.data.get("replace") for event in seen.events)
    kept = [
        (notice["kind"], notice["title"], notice.get("text", ""), notice.get("url", ""))
        for notice in seen.kept["notices"]
    ]
    assert kept == [(notice.kind, notice.title, notice.text, notice.url) for notice in case.notices]
    assert all(notice["done"] for notice in seen.kept["notices"])
