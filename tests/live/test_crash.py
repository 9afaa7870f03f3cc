"""What a crash, a restart and a stalled reader cost: at most the last moments of a text, and nobody else anything."""

import time
from contextlib import ExitStack

import psutil
import pytest

from tests.live.conftest import add_agent
from tests.live.people import Person, wait_until
from tests.live.sockets import open_socket
from tests.live.visitors import make_link
from tests.servers import start_server

pytestmark = pytest.mark.processes
RECOVERY_SECONDS = 20
LOST_SECONDS = 3.0
BUSY_SECONDS = 5.0  # what a busy machine may need besides
STALLED_READERS = 10
STALLED_BYTES = 3 * 2**20
TOOL = b'data: {"choices": [{"delta": {"tool_calls": [{"id": "1", "function": {"name": "search"}}]}}]}\n\n'


@pytest.fixture
def victim(tmp_path):
    """A server of one's own to break."""
    with start_server(tmp_path) as server:
        yield server


@pytest.fixture
def scene(victim, agent):
    """The server, its user and a chat with the live agent."""
    demo = victim.demo
    admin = Person(victim, demo["admin"]["email"], demo["admin"]["password"])
    user = Person(victim, demo["user"]["email"], demo["user"]["password"])
    with admin, user:
        yield victim, user, user.new_chat(add_agent(admin, agent.url)), agent


def kept_text(user, chat):
    return user.messages(chat)[-1]["content"]


def test_after_kill_9_the_answer_is_interrupted_with_its_text(scene):
    server, user, chat, agent = scene
    with user.sending(chat, "Hi") as reading:
        agent.call().begin().chunk(TOOL).say("old enough to be kept")
        reading.until("kept")
        wait_until(lambda: kept_text(user, chat) == "old enough to be kept", LOST_SECONDS + BUSY_SECONDS)
        server.kill()
    killed_at = time.monotonic()
    server.start()
    with open_socket(server, user, chat) as socket:
        end = socket.until("error", "done", seconds=RECOVERY_SECONDS)
    assert (end["type"], end["data"]["code"]) == ("error", "RUN_INTERRUPTED")
    assert time.monotonic() - killed_at < RECOVERY_SECONDS
    answer = user.messages(chat)[-1]
    assert (answer["status"], answer["content"]) == ("interrupted", "old enough to be kept")
    assert answer["notices"] == [{"id": 1, "kind": "tool", "title": "search", "done": True}]
    with user.sending(chat, "Again?") as reading:
        agent.call().begin().say("yes").end()
        assert reading.rest().type == "done"


def test_after_sigterm_nothing_is_missing(scene):
    server, user, chat, agent = scene
    link = make_link(server, user, chat)
    with open_socket(server, user, chat), user.sending(chat, "Hi") as reading, link.reading(link.join()) as room:
        agent.call().begin().say("the very last word")
        reading.until("last word")
        room.until("last word")
        server.process.terminate()
        last, last_in_room = reading.rest(), room.rest()
    server.process.wait(timeout=30)
    assert (last.type, last.data["code"]) == ("error", "RUN_INTERRUPTED")
    assert (last_in_room.type, last_in_room.data["code"], last_in_room.id) == ("error", "AGENT_FAILED", last.id)
    server.start()
    answer = user.messages(chat)[-1]
    assert (answer["status"], answer["content"]) == ("interrupted", "the very last word")


def test_an_answer_that_ends_during_shutdown_is_complete(scene):
    server, user, chat, agent = scene
    with user.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("almost ")
        reading.until("almost ")
        server.process.terminate()
        call.say("done").end()
        assert reading.rest().type == "done"
    server.process.wait(timeout=30)
    server.start()
    assert user.messages(chat)[-1]["status"] == "complete"
    assert kept_text(user, chat) == "almost done"


def flood(user, chat, agent, stalled):
    """Let an answer of 900,000 characters run past readers that never read; pause before and after it."""
    with user.sending(chat, "Flood") as reading, ExitStack() as stack:
        call = agent.call().begin().say(".")
        reading.until(".")
        for _ in range(stalled):
            request = user.build_request("GET", f"/api/chats/{chat}/stream")
            stack.callback(user.send(request, stream=True).close)
        yield
        for _ in range(90):
            call.say("x" * 10_000)
        call.end()
        assert reading.rest().type == "done"
        yield


def test_readers_that_never_read_cost_little_and_harm_nobody(scene):
    server, user, chat, agent = scene
    process = psutil.Process(server.process.pid)
    grown = {}
    for stalled in (0, STALLED_READERS):
        steps = flood(user, chat, agent, stalled)
        next(steps)
        before = process.memory_info().rss
        next(steps)
        grown[stalled] = process.memory_info().rss - before
        steps.close()
    assert kept_text(user, chat) == "." + "x" * 900_000
    assert grown[STALLED_READERS] - grown[0] < STALLED_READERS * STALLED_BYTES
