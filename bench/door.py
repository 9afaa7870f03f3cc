"""The way into a server under measurement: sign in, add agents and chats, write requests as bytes."""

import json
from contextlib import closing
from functools import cached_property
from typing import Any

import httpx

from bench.servers import Server

Who = dict[str, str]


class Door:
    """A server and its people; Parley and the plain relay have the same one."""

    def __init__(self, server: Server, *, admin: Who, user: Who, service_key: str = "") -> None:
        self.server = server
        self.service_key = service_key
        self._admin, self._user = admin, user

    @cached_property
    def user(self) -> httpx.Client:
        """The person who chats."""
        return self._sign_in(self._user)

    def chats(self, agent_url: str, count: int) -> list[str]:
        """Add an agent and as many chats with it; return their ids."""
        fields = {"name": "Mock", "kind": "webhook", "webhook_url": agent_url}
        with closing(self._sign_in(self._admin)) as admin:
            agent_id = _created(admin.post("/api/agents", json=fields))["id"]
        return [_created(self.user.post("/api/chats", json={"agent_id": agent_id}))["id"] for _ in range(count)]

    def messages(self, chat: str) -> list[dict[str, Any]]:
        """Return what is kept of a chat."""
        messages: list[dict[str, Any]] = self.user.get(f"/api/chats/{chat}").raise_for_status().json()["messages"]
        return messages

    def send(self, chat: str) -> bytes:
        """Return the request that says something in a chat."""
        return self._request("POST", f"/api/chats/{chat}/messages", {"content": "Tell me something about relays."})

    def resume(self, chat: str) -> bytes:
        """Return the request that reads along."""
        return self._request("GET", f"/api/chats/{chat}/stream")

    @property
    def cookies(self) -> str:
        """The person's cookies as a header has them."""
        return "; ".join(f"{name}={value}" for name, value in self.user.cookies.items())

    def _request(self, method: str, path: str, body: dict[str, str] | None = None) -> bytes:
        return request(method, self.server.port, path, body, cookies=self.cookies)

    def _sign_in(self, who: Who) -> httpx.Client:
        client = httpx.Client(base_url=self.server.base_url, timeout=60)
        client.post("/api/auth/login", json={"email": who["email"], "password": who["password"]}).raise_for_status()
        return client


def request(
    method: str, port: int, path: str, body: dict[str, str] | None = None, *, cookies: str = "", authorization: str = ""
) -> bytes:
    """Return a whole request for events, after which the server closes."""
    payload = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: text/event-stream",
        "Content-Type: application/json",
        f"Content-Length: {len(payload)}",
        "Connection: close",
        *([f"Cookie: {cookies}"] if cookies else []),
        *([f"Authorization: {authorization}"] if authorization else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + payload


def socket_request(port: int, path: str, header: str) -> bytes:
    """Return the request that opens a page's socket, with a header that says who it is."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        header,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _created(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    created: dict[str, Any] = answer.json()
    return created
