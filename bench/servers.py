"""The processes of a measurement: started, asked what they cost, stopped."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

START_SECONDS: Final = 60
STOP_SECONDS: Final = 30
ROOT: Final = Path(__file__).resolve().parent.parent
MIB: Final = 2**20

# The baseline is served as config.serve serves Parley.
UVICORN: Final = ("--lifespan", "on", "--log-level", "warning", "--no-proxy-headers", "--no-server-header")


class NotStartedError(Exception):
    """Say that a process did not come up."""


def free_port() -> int:
    """Return a loopback port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """One Python process that listens on a port."""

    words: Sequence[str]
    port: int
    env: dict[str, str]
    log: Path
    process: psutil.Popen = field(init=False)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it listens."""
        with self.log.open("ab") as log:
            self.process = psutil.Popen([sys.executable, *self.words], cwd=ROOT, env=self.env, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise NotStartedError(f"{' '.join(self.words)} did not start:\n{self.log.read_text()[-3000:]}")

    def cpu(self) -> float:
        """Return the seconds of CPU the process has used, its own and the kernel's for it."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def rss(self) -> float:
        """Return the resident memory in MiB."""
        return float(self.process.memory_info().rss) / MIB

    def pin(self, core: int) -> None:
        """Hold the process, with all its threads, to one core."""
        for thread in self.process.threads():
            os.sched_setaffinity(thread.id, {core})

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end; insist after a while."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except psutil.TimeoutExpired:
                self.kill()


@contextmanager
def running(words: Sequence[str], port: int, env: dict[str, str], log: Path) -> Iterator[Server]:
    """Run a process while inside."""
    server = Server(words, port, {**inherited(), **env}, log)
    try:
        server.start()
        yield server
    finally:
        if hasattr(server, "process"):
            server.stop()


@contextmanager
def on_a_core_of_its_own(server: Server, *others: Server) -> Iterator[None]:
    """Hold a server to the last core, and the other servers and ourselves to the rest if there is one, while inside."""
    cores = sorted(os.sched_getaffinity(0))
    server.pin(cores[-1])
    for process in (0, *(other.process.pid for other in others)):
        os.sched_setaffinity(process, cores[:-1] or cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def uvicorn(application: str, port: int) -> list[str]:
    """Return the words that serve the baseline."""
    return ["-m", "uvicorn", application, "--port", str(port), *UVICORN]


def manage(env: dict[str, str], *words: str) -> str:
    """Run a management command of Parley."""
    command = [sys.executable, "manage.py", *words]
    variables = {**inherited(), **env}
    done = subprocess.run(command, cwd=ROOT, env=variables, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise NotStartedError(f"manage.py {words[0]} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def inherited() -> dict[str, str]:
    """Return what a process needs of our environment; settings of a person's own would change what is measured."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
