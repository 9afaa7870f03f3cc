"""Clients of a running server: people with a cookie jar, as the contract's own examples have it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx

from tests.servers import Server

EVENT_STREAM = {"Accept": "text/event-stream"}


@dataclass(frozen=True)
class Event:
    """One server-sent event; what is no part of an answer has no id."""

    id: str
    type: str
    data: dict[str, Any]


class Person(httpx.Client):
    """Somebody signed in over the API."""

    def __init__(self, server: Server, email: str, password: str) -> None:
        super().__init__(base_url=server.base_url, timeout=30)
        self.email, self.password = email, password

    def __enter__(self) -> Self:
        super().__enter__()
        self.post("/api/auth/login", json={"email": self.email, "password": self.password}).raise_for_status()
        return self

    def new_chat(self, agent_id: str, **fields: Any) -> str:
        answer = self.post("/api/chats", json={"agent_id": agent_id, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def messages(self, chat: str) -> list[dict[str, Any]]:
        return self.get(f"/api/chats/{chat}").json()["messages"]

    @contextmanager
    def sending(self, chat: str, content: str, **headers: str) -> Iterator["Reading"]:
        """Send a message and read its events while inside."""
        path, sent = f"/api/chats/{chat}/messages", {**EVENT_STREAM, **headers}
        with self.stream("POST", path, json={"content": content}, headers=sent) as response:
            yield Reading(response)

    @contextmanager
    def resuming(self, chat: str, event_id: str | None = None) -> Iterator["Reading"]:
        """Read a chat's answer, from an event on."""
        headers = {"Last-Event-ID": event_id} if event_id else {}
        with self.stream("GET", f"/api/chats/{chat}/stream", headers=headers) as response:
            yield Reading(response)


class Reading:
    """The events of a response, read as they come."""

    def __init__(self, response: httpx.Response) -> None:
        assert response.status_code == 200, response.read()
        self.response = response
        self.seen: list[Event] = []
        self._lines = self._split(response)

    @staticmethod
    def _split(response: httpx.Response) -> Iterator[str]:
        buffer = b""
        for data in response.iter_raw():
            buffer += data
            *events, buffer = buffer.split(b"\n\n")
            for event in events:
                yield event.decode()

    def __iter__(self) -> Iterator[Event]:
        for block in self._lines:
            if block.startswith(":"):
                continue
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            frame = json.loads(fields["data"])
            event = Event(fields.get("id", ""), frame["type"], frame["data"])
            self.seen.append(event)
            yield event

    @property
    def text(self) -> str:
        """The answer as far as it was read."""
        text = ""
        for event in self.seen:
            if event.type == "message":
                text = event.data["content"] if event.data.get("replace") else text + event.data["content"]
        return text

    def until(self, text: str) -> Event:
        """Read until the answer ends with a text; return the event that brought it."""
        for event in self:
            if self.text.endswith(text):
                return event
        raise AssertionError(f"The stream ended with {self.seen[-1]} before {text!r} came; it had {self.text!r}.")

    def rest(self) -> Event:
        """Read to the end; return the last event."""
        for _ in self:
            pass
        return self.seen[-1]


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Ask again and again until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def all_at_once(count: int, work: Any) -> list[Any]:
    """Run `work(number)` in threads that start at one moment; return the results in order."""
    results: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
