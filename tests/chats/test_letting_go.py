"""What came with a question is let go of when its answer has ended: a server lives long, and files are large."""

import asyncio
import base64
import gc
import json
import tracemalloc
from contextlib import contextmanager

import pytest
from asgiref.testing import ApplicationCommunicator

from agents import relay
from config.handler import Handler
from config.limits import BodyLimit
from tenants.threads import KeptThreads
from tests.factories import AgentFactory, ChatFactory
from tests.keys import new_key

pytestmark = pytest.mark.django_db(transaction=True)
FILE_BYTES, CALLS, LONGEST = 2_000_000, 2, 20  # a file beyond what Django keeps of a body in memory
URI = f"data:text/plain;base64,{base64.b64encode(b'x' * FILE_BYTES).decode()}"
PARTS = {
    "messages": {"type": "file", "file": {"filename": "a.txt", "file_data": URI}},
    "input": {"type": "input_file", "filename": "a.txt", "file_data": URI},
}


def at_the_door(field):
    """Return what asks a model with a file."""
    talk = [{"role": "user", "content": [PARTS[field]]}]
    return lambda agent, stream: {"model": agent, "stream": stream, field: talk}


WAYS = {
    "/v1/chat/completions": at_the_door("messages"),
    "/v1/responses": at_the_door("input"),
    "/api/chats/{chat}/messages": lambda agent, stream: {"attachments": [{"name": "a.txt", "data": URI}]},
}


@contextmanager
def no_collector():
    """Count what Python holds, without the garbage collector: what is let go of needs none."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.enable()


async def asked(app, path, body, key, held, *, stream):
    """Ask, read the answer to its end; return the status and what was held when it had begun."""
    headers = {
        "host": "testserver",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "authorization": f"Bearer {key}",
        "accept": "text/event-stream" if stream else "application/json",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    talk = ApplicationCommunicator(app, scope)
    await talk.send_input({"type": "http.request", "body": body})
    status, more, during = (await talk.receive_output(LONGEST))["status"], True, 0
    while more:
        part = await talk.receive_output(LONGEST)
        more, during = part.get("more_body", False), during or held()
    await talk.wait(LONGEST)
    return status, during


@pytest.mark.parametrize("way", WAYS)
def test_a_file_in_json_is_held_once_and_gone_when_its_answer_has_ended(cast, monkeypatch, way):
    monkeypatch.setattr(relay, "_relay", None)
    agent = AgentFactory(team=cast.team, kind="demo", config={"demo_seconds": 0})
    deaf = AgentFactory(team=cast.team, kind="langserve")
    chats = {one: iter([ChatFactory(user=cast.owner, agent=one).id for _ in range(3 * CALLS)]) for one in (agent, deaf)}
    bodies = {
        (of, stream): json.dumps(WAYS[way](str(of.id), stream)).encode()
        for of in (agent, deaf)
        for stream in (True, False)
    }
    key = new_key(cast.owner)[1]
    app = BodyLimit(KeptThreads(Handler()))

    async def ask(held, *, stream, of=agent):
        return await asked(app, way.format(chat=next(chats[of])), bodies[of, stream], key, held, stream=stream)

    async def scene():
        here = relay.relay()
        try:
            await ask(int, stream=True)
            with no_collector() as held:
                before = held()
                streamed = [await ask(held, stream=True) for _ in range(CALLS)]
                whole = [await ask(held, stream=False) for _ in range(CALLS)]
                refused = [await ask(held, stream=False, of=deaf) for _ in range(CALLS)]
                await asyncio.sleep(0)
                return before, streamed, whole, refused, held()
        finally:
            await here.shut_down()

    before, streamed, whole, refused, after = asyncio.run(scene())
    assert [status for status, _ in [*streamed, *whole]] == [200] * 2 * CALLS
    assert {status for status, _ in refused} == {400}
    assert max(during for _, during in streamed) - before < 2 * FILE_BYTES
    assert after - before < FILE_BYTES
