"""Every recorded answer of a real n8n, through a real server, a real run and the real API, however it is cut."""

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

from tests.live.conftest import add_agent

pytestmark = pytest.mark.processes
DATA = Path(__file__).parent.parent / "data" / "n8n-2.8.4"
GREETING = "Hello wörld 😀\nbye\u2028end"
EXPECTED = {
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


def whole(body):
    return [body] if body else []


def by_bytes(body):
    return [body[place : place + 1] for place in range(len(body))]


def at_random(body):
    dice = random.Random(len(body))
    cuts = sorted({0, len(body), *(dice.randrange(len(body) + 1) for _ in range(len(body) // 20))})
    return [body[start:end] for start, end in pairwise(cuts)]


def test_every_recording_is_expected():
    assert {path.stem for path in DATA.glob("*.body")} == set(EXPECTED)


@pytest.mark.parametrize("cut", [whole, by_bytes, at_random])
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_recorded_answer(user, admin, agent, name, cut):
    meta = json.loads((DATA / f"{name}.meta.json").read_text())
    chat = user.new_chat(add_agent(admin, agent.url))
    with user.sending(chat, "Hi there") as reading:
        call = agent.call()
        headers = {key: value for key, value in meta["headers"].items() if key not in {"content-length", "connection"}}
        head = "".join(f"{key}: {value}\r\n" for key, value in {**headers, "transfer-encoding": "chunked"}.items())
        call.raw(f"HTTP/1.1 {meta['status']} X\r\n{head}\r\n".encode())
        for piece in cut((DATA / f"{name}.body").read_bytes()):
            call.chunk(piece)
        call.end()
        last = reading.rest()
    text, code = EXPECTED[name]
    assert (reading.text, last.data.get("code")) == (text, code)
    answer = user.messages(chat)[-1]
    assert (answer["content"], answer.get("error_code")) == (text, code)
    assert answer["status"] == ("complete" if code is None else "failed")
