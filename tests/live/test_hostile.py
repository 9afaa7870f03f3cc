"""Agents that hang, dribble, flood, cut and lie: each ends in its own way, soon, and nobody else notices."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.live.conftest import add_agent
from tests.live.hostile import ANSWERS, MIB, hostile_agents

pytestmark = pytest.mark.processes
FORBIDDEN = "http://10.0.0.1/"
END_SECONDS = 25.0
MOST_GROWTH = 64 * MIB
LONGEST_PAUSE = 2.0
EVENTS_PER_SECOND = 4
TICK = 0.05

# What each ends in, with the limits that make it short, and the text that stays of it.
EXPECTED = {
    "/hangs": ("AGENT_TIMEOUT", {"first_byte": 0.5}, ""),
    "/hangs-after-its-head": ("AGENT_TIMEOUT", {"first_byte": 0.5}, ""),
    "/says-a-byte-and-hangs": ("AGENT_TIMEOUT", {"idle": 0.5}, ""),
    "/dribbles-nothing": ("AGENT_TIMEOUT", {"no_text": 1, "idle": 0.5}, ""),
    "/dribbles-keep-alives": ("AGENT_TIMEOUT", {"no_text": 1, "idle": 0.5}, ""),
    "/dribbles-text": ("AGENT_TIMEOUT", {"total": 1, "idle": 0.5}, "x"),
    "/floods-text": ("AGENT_TOO_LARGE", {}, "x" * MIB),
    "/floods-events": ("AGENT_TOO_LARGE", {}, "some words of it " * 61_680),
    "/floods-one-line": ("AGENT_TOO_LARGE", {}, ""),
    "/floods-keep-alives": ("AGENT_TOO_LARGE", {"body_bytes": 4 * MIB}, ""),
    "/floods-unknown-frames": ("AGENT_TOO_LARGE", {"body_bytes": MIB}, ""),
    "/floods-its-head": ("AGENT_FAILED", {}, ""),
    "/cuts-a-character": ("AGENT_TRUNCATED", {}, "Hello"),
    "/packs": (None, {}, "Hello"),
    "/packs-a-bomb": ("AGENT_TOO_LARGE", {}, ""),
    "/packs-a-bomb-of-keep-alives": ("AGENT_TOO_LARGE", {"body_bytes": 4 * MIB}, ""),
    "/promises-more": ("AGENT_TRUNCATED", {}, "Hello"),
    "/promises-less": ("AGENT_FAILED", {}, ""),
    "/redirects": ("AGENT_REDIRECT", {}, ""),
    "forbidden": ("AGENT_UNREACHABLE", {}, ""),
}


class Calm:
    """A chat that streams a word every few milliseconds until it is told to end."""

    def __init__(self, user, chat, agent):
        self.user, self.chat, self.agent = user, chat, agent
        self.over = threading.Event()
        self.said = self.text = ""
        self.arrivals = []
        self.threads = [threading.Thread(target=self.read), threading.Thread(target=self.speak)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def read(self):
        with self.user.sending(self.chat, "Hi") as reading:
            for _ in reading:
                self.arrivals.append(time.monotonic())
            self.text = reading.text

    def speak(self):
        call = self.agent.call().begin()
        while not self.over.wait(TICK):
            word = f"{len(self.said)} "
            call.say(word)
            self.said += word
        call.end()

    def longest_pause(self):
        return max(after - before for before, after in zip(self.arrivals, self.arrivals[1:], strict=False))


class Watch(threading.Thread):
    """Watch how much memory a process takes at most."""

    def __init__(self, pid):
        super().__init__()
        self.process, self.over = psutil.Process(pid), threading.Event()
        self.before = self.most = self.process.memory_info().rss

    def run(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, self.process.memory_info().rss)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


def outcome(user, chat):
    """Send a message; return how it ended, after how long, and what stayed of it."""
    started = time.monotonic()
    with user.sending(chat, "Hi") as reading:
        end = reading.rest()
    return end.data.get("code"), time.monotonic() - started, reading.text, user.messages(chat)[-1]["content"]


def test_all_at_once_beside_a_calm_chat(server, user, admin, agent):
    assert EXPECTED.keys() == {*ANSWERS, "forbidden"}
    with hostile_agents() as base:
        chats = {
            path: user.new_chat(add_agent(admin, base + path, limits=limits))
            for path, (_, limits, _) in EXPECTED.items()
            if path in ANSWERS
        }
        chats["forbidden"] = user.new_chat(add_agent(admin, FORBIDDEN))
        calm = Calm(user, user.new_chat(add_agent(admin, agent.url)), agent)
        with Watch(server.process.pid) as watch, calm, ThreadPoolExecutor(len(chats)) as pool:
            ends = dict(zip(chats, pool.map(lambda chat: outcome(user, chat), chats.values()), strict=True))
    for path, (code, _, text) in EXPECTED.items():
        seen, seconds, shown, kept = ends[path]
        assert (path, seen) == (path, code)
        assert seconds < END_SECONDS, path
        assert shown == kept, path
        assert kept.startswith(text) if text else kept == "", path
        assert len(kept) <= MIB, path
    assert calm.text == calm.said
    assert calm.longest_pause() < LONGEST_PAUSE
    assert len(calm.arrivals) > EVENTS_PER_SECOND * (calm.arrivals[-1] - calm.arrivals[0])
    assert watch.most - watch.before < MOST_GROWTH
