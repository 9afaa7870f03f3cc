"""Real server processes for tests: what a person starts, on a port of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

START_SECONDS = 40
UVICORN_OPTIONS = ["--no-proxy-headers", "--lifespan", "on", "--timeout-graceful-shutdown", "7"]
ROOT = Path(__file__).resolve().parent.parent


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
    program: str = "uvicorn"
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        words = ["-m", self.program, "--port", str(self.port), "config.asgi:application"]
        return [sys.executable, *words, *UVICORN_OPTIONS * (self.program == "uvicorn")]

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
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True)
        return done.stdout


@contextmanager
def start_server(folder: Path, *, migrate: bool = True, program: str = "uvicorn", **env: str) -> Iterator[Server]:
    """Run a server with its own data folder; `env` adds to or replaces the environment."""
    port = free_port()
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    settings = {
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "LOGIN_RATE_PER_MINUTE": "1000",
        "AGENT_ALLOWED_CIDRS": "127.0.0.0/8",
        "PYTHONUNBUFFERED": "1",
        **env,
    }
    server = Server(port, {**inherited, **settings}, folder / f"server-{port}.log", program)
    if migrate:
        server.manage("migrate", "-v0")
    server.start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
