"""Real server processes for tests: what a person starts, on a port of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.homes import ROOT, demo_of, fresh_home, inherited, manage

START_SECONDS = 40


def free_port() -> int:
    """Return a loopback port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running server; `restart` starts it again on the same port after it was killed."""

    port: int
    env: dict[str, str]
    log: Path
    program: str = "config.serve"
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        words = ["--port", str(self.port), "config.asgi:application"] if self.program == "daphne" else []
        return [sys.executable, "-m", self.program, *words]

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.base_url}/healthz", timeout=1).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"The server did not start:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """End the process at once, as a crash does (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ask the process to end (SIGTERM) and wait for it."""
        self.process.terminate()
        self.process.wait(timeout=30)

    def manage(self, *words: str) -> str:
        """Run a management command with the server's environment."""
        return manage(self.env, *words)

    @property
    def demo(self) -> dict[str, Any]:
        """What `demo --json` printed about the people here."""
        return demo_of(Path(self.env["DATA_DIR"]))


@contextmanager
def start_server(folder: Path, *, program: str = "config.serve", **env: str) -> Iterator[Server]:
    """Run a server in a fresh home with the demo in it; `env` adds to or replaces the environment."""
    with fresh_home(folder) as home, _running(folder, program, home | env) as server:
        yield server


@contextmanager
def start_beside(other: Server) -> Iterator[Server]:
    """Run one more server with the same home and environment."""
    with _running(Path(other.env["DATA_DIR"]), other.program, other.env) as server:
        yield server


@contextmanager
def _running(folder: Path, program: str, env: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    settings = {
        "DATA_DIR": str(folder),
        "LOGIN_RATE_PER_MINUTE": "1000",
        "AGENT_ALLOWED_CIDRS": "127.0.0.0/8",
        "PYTHONUNBUFFERED": "1",
        **env,
        "PORT": str(port),
    }
    server = Server(port, {**inherited(), **settings}, folder / f"server-{port}.log", program)
    try:
        server.start()
        yield server
    finally:
        if server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
