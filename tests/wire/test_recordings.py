"""What a real n8n 2.8.4 answered, read whole, byte by byte and in pieces of any size."""

import json
import random
from pathlib import Path

import pytest

from agents.wire.status import refusal
from tests.wire.reading import bytewise, outcome, read

RECORDINGS = Path(__file__).parent.parent / "data" / "n8n-2.8.4"
HELLO = "Hello wörld 😀\nbye\u2028end"
ECHO = "Echo: Hi there"

ANSWERS = {
    "chat-lastnode": (HELLO, None),
    "fail-stream": ("", "agent_failed"),
    "json-last": (ECHO, None),
    "json-last-all": (ECHO, None),
    "json-last-nodata": ("", "agent_empty"),
    "json-onreceived": ("", "agent_respond_immediately"),
    "json-respond": (ECHO, None),
    "json-respond-json": (ECHO, None),
    "sse-respond": (ECHO, None),
    "stream-agent-nostream": ("", "agent_empty"),
    "stream-die": ("Hello wör", "agent_failed"),
    "stream-err500": ("", "agent_failed"),
    "stream-noagent": ("", "agent_empty"),
    "stream-ok": (HELLO, None),
    "stream-respond15": (ECHO, None),
    "stream-tools-v3": (f"Let me calculate. {HELLO}", None),
}
REFUSALS = {
    "does-not-exist": ("agent_not_registered", "The workflow must be active for a production URL"),
    "fail-last": ("agent_failed", "Error in workflow"),
    "stream-auth": ("agent_auth", "403: Authorization data is wrong!"),
}


def load(name: str) -> tuple[int, dict[str, str], bytes]:
    meta = json.loads((RECORDINGS / f"{name}.meta.json").read_text())
    return meta["status"], meta["headers"], (RECORDINGS / f"{name}.body").read_bytes()


def test_every_recording_is_expected_here():
    assert {path.stem for path in RECORDINGS.glob("*.body")} == ANSWERS.keys() | REFUSALS.keys()


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_reads_the_same_however_it_is_cut(name):
    status, headers, body = load(name)
    content_type = headers["content-type"]
    assert status == 200
    assert outcome(read(content_type, body)) == ANSWERS[name]
    assert outcome(read(content_type, bytewise(body))) == ANSWERS[name]
    dice = random.Random(name)
    for _ in range(20):
        cuts = sorted(dice.choices(range(len(body) + 1), k=dice.randint(1, 12)))
        pieces = [body[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        assert outcome(read(content_type, pieces)) == ANSWERS[name]


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_what_to_change(name):
    status, headers, body = load(name)
    error = refusal(status, headers, body)
    code, words = REFUSALS[name]
    assert error.code == code
    assert error.http_status == status
    assert words in error.diagnosis


def test_the_reason_of_a_failed_stream_is_for_the_owner():
    events = read("application/json", load("stream-err500")[2])
    assert "mock model exploded" in events[-1].error.diagnosis
    assert "mock model exploded" not in events[-1].error.sentence
