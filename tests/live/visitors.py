"""Visitors of a share link at a running server: some are threads, some are processes of their own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.live.people import Person, Reading
from tests.live.sockets import Socket
from tests.servers import Server

WATCH = """
import sys
from websockets.sync.client import connect
with connect(sys.argv[1], additional_headers={"Authorization": "Share " + sys.argv[2]}) as socket:
    for frame in socket:
        print(frame, flush=True)
"""
READ = """
import sys, httpx
with httpx.stream("GET", sys.argv[1], headers={"Authorization": "Share " + sys.argv[2]}, timeout=None) as response:
    response.raise_for_status()
    for line in response.iter_lines():
        print(line, flush=True)
"""


@dataclass(frozen=True)
class Link:
    """A link that an owner made, as its visitors at one server use it."""

    server: Server
    token: str
    chat: str
    owner: Person

    def at(self, server: Server) -> "Link":
        return Link(server, self.token, self.chat, self.owner)

    def visitor(self) -> httpx.Client:
        """Return somebody nobody knows, with a cookie jar of their own."""
        return httpx.Client(base_url=self.server.base_url, timeout=60, trust_env=False, verify=False)

    def call(self, verb: str, *, client: httpx.Client | None = None, token: str = "", **body: Any) -> httpx.Response:
        with self.visitor() as stranger:
            headers = {"Authorization": f"Share {token}"} if token else {}
            return (client or stranger).post(f"/mid/share/{self.token}/{verb}", json=body, headers=headers)

    def join(self) -> str:
        """Take a place; return the participant's token."""
        answer = self.call("join")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["participant_token"])

    def wait_in_line(self) -> str:
        """Open the page of a full room; return the participant's token."""
        with self.visitor() as stranger:
            page = stranger.get(f"/share/{self.token}", headers={"Sec-Fetch-Dest": "document"})
            assert page.status_code == 200, page.text
            return next(iter(stranger.cookies.values()))

    @property
    def current_users(self) -> int:
        shares = self.owner.get(f"/mid/sessions/{self.chat}/shares").json()["shares"]
        return next(int(share["current_users"]) for share in shares if share["share_token"] == self.token)

    @contextmanager
    def socket(self, token: str) -> Iterator[Socket]:
        address = f"{self.server.base_url.replace('http', 'ws')}/ws/share/{self.token}"
        with connect(address, additional_headers={"Authorization": f"Share {token}"}, max_size=None) as connection:
            yield Socket(connection)

    @contextmanager
    def reading(self, token: str) -> Iterator[Reading]:
        """Follow the room's stream."""
        with self.visitor() as client:
            headers = {"Authorization": f"Share {token}"}
            with client.stream("GET", f"/mid/share/{self.token}/stream", headers=headers) as response:
                yield Reading(response)

    @contextmanager
    def process(self, program: str, token: str) -> Iterator[subprocess.Popen[str]]:
        """Run a client as a process of its own that holds a place by what it reads; yield it once it reads."""
        base = self.server.base_url
        watches = program == WATCH
        address = f"{base.replace('http', 'ws')}/ws/share/" if watches else f"{base}/mid/share/"
        words = [sys.executable, "-c", program, f"{address}{self.token}{'' if watches else '/stream'}", token]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline(), "the client was not let in"
                yield process
            finally:
                process.kill()


def make_link(server: Server, owner: Person, chat: str, **fields: Any) -> Link:
    answer = owner.post(f"/mid/sessions/{chat}/share", json=fields)
    assert answer.status_code == 200, answer.text
    return Link(server, answer.json()["share_token"], chat, owner)
