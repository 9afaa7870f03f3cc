"""A page's socket, without the page."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.servers import Server

WAIT_SECONDS = 25


class Socket:
    """Frames of a chat's socket, in the order they come."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.seen: list[dict[str, Any]] = []

    def next(self, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.connection.recv(timeout=seconds))
        self.seen.append(frame)
        return frame

    def until(self, *types: str, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """Read on until a frame of one of these types."""
        while True:
            frame = self.next(seconds)
            if frame["type"] in types:
                return frame

    def until_text(self, text: str) -> None:
        while not self.text.endswith(text):
            self.next()

    @property
    def text(self) -> str:
        """The answer since the last `status`, as a page shows it."""
        text = ""
        for frame in self.seen:
            if frame["type"] == "status" and "notice" not in frame["data"]:
                text = ""
            elif frame["type"] == "message":
                text += frame["data"]["content"]
        return text


@contextmanager
def open_socket(server: Server, person: httpx.Client, chat: str, **headers: str) -> Iterator[Socket]:
    """Open a chat's socket with a person's cookies, as a browser on our own page does."""
    cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    sent = {"Origin": server.base_url, "Cookie": cookies, **headers}
    origin = sent.pop("Origin")
    address = f"{server.base_url.replace('http', 'ws')}/ws/chats/{chat}"
    with connect(address, additional_headers=sent, origin=origin, max_size=None) as connection:
        yield Socket(connection)
