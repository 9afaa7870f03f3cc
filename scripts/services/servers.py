"""Start throw-away servers on loopback and stop them whatever happens."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.console import StepError, last_line

START_SECONDS = 60
STOP_SECONDS = 10


def free_port() -> int:
    """Ask the system for a loopback port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: list[str | Path],
    *,
    ready: Callable[[], bool],
    log: Path,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """Run a server until the block ends; its own session keeps the terminal's Ctrl-C away from it."""
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            extra_groups=[] if user else None,
            env=env,
            start_new_session=True,
        )
    try:
        wait_until(ready, server, log)
        yield
    finally:
        stop(server, stop_signal)


def wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the first answer; a server that gave up is quoted."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if server.poll() is not None:
            raise StepError(last_line(log.read_text()), log.read_text())
        if time.monotonic() > deadline:
            raise StepError(f"it did not answer within {START_SECONDS} seconds", log.read_text())
        time.sleep(0.05)


def stop(server: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    """Ask politely, then insist on the whole process group."""
    if server.poll() is None:
        server.send_signal(stop_signal)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
