"""Run pytest for each database and part, as many side by side as the machine allows."""

import os
import re
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.console import say
from scripts.environment import PYTHON, ROOT
from scripts.outcome import Outcome

# The tests decide about these; what a developer's shell holds must not.
NOT_PASSED_ON = {
    "DATABASE_URL",
    "REDIS_URL",
    "ENVIRONMENT",
    "SECRET_KEY",
    "DEBUG",
    "HOST",
    "PORT",
    "BASE_URL",
    "PYTHONDONTWRITEBYTECODE",  # what is compiled for the tests once need not be again
}
REPORT_EVERY_SECONDS = 20
STOP_SECONDS = 20


@dataclass
class Backend:
    """Hold what one pytest run needs; the parts of a run share a database server, never a database."""

    name: str
    folder: Path
    database_url: str
    services: Mapping[str, str]
    arguments: Sequence[str]

    @property
    def log(self) -> Path:
        """Name the file that collects pytest's output."""
        return self.folder / f"{self.name}.log"

    @property
    def report(self) -> Path:
        """Name the file that pytest counts into."""
        return self.folder / f"{self.name}.xml"

    @property
    def progress(self) -> str:
        """Find the last percentage that pytest printed."""
        shares = re.findall(r"\[ *(\d+)%\]", self.log.read_text(errors="replace"))
        return f"{self.name} {shares[-1] if shares else 0} %"

    def environment(self) -> dict[str, str]:
        """Give pytest this database, the services and a data folder of its own."""
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
        database = {"DATABASE_URL": self.database_url} if self.database_url else {}
        data_dir = self.folder / f"{self.name}-data"
        return {**inherited, **database, **self.services, "DATA_DIR": str(data_dir)}


class Run:
    """Watch one running pytest; its own process group also holds the servers that tests start."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.started = time.monotonic()
        self.outcome: Outcome | None = None
        command: list[str | Path] = [PYTHON, "-m", "pytest", "--junitxml", backend.report]
        with backend.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *backend.arguments],
                cwd=ROOT,
                env=backend.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def poll(self) -> bool:
        """Tell whether it has ended; print what it said the first time it has."""
        if self.outcome is None and self.process.poll() is not None:
            seconds = time.monotonic() - self.started
            backend = self.backend
            self.outcome = Outcome.read(backend.name, backend.report, self.process.returncode, seconds)
            say(f"\n== {backend.name} ==\n{tail(backend.log.read_text(errors='replace'))}")
        return self.outcome is not None

    def stop(self) -> None:
        """Interrupt pytest, give its fixtures time to clean up, then end whatever is left of the group."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def run_all(backends: Sequence[Backend], *, at_once: int) -> list[Outcome]:
    """Run all of them, so many at the same time; show how far they are, and stop them cleanly if we are stopped."""
    waiting, runs = deque(backends), list[Run]()
    next_report = time.monotonic() + REPORT_EVERY_SECONDS
    with ExitStack() as stack:
        while (running := [run for run in runs if not run.poll()]) or waiting:
            if waiting and len(running) < at_once:
                runs.append(start(waiting.popleft(), stack))
                continue
            if time.monotonic() > next_report:
                say("  " + ", ".join(run.backend.progress for run in running))
                next_report += REPORT_EVERY_SECONDS
            time.sleep(0.2)
    return [run.outcome for run in runs if run.outcome]


def start(backend: Backend, stack: ExitStack) -> Run:
    """Begin a run, and end it with the stack."""
    say(f"- testing on {backend.name}")
    run = Run(backend)
    stack.callback(run.stop)
    return run


def tail(output: str) -> str:
    """Leave out the dots: show from the first failure on, or the closing lines."""
    begin = re.search(r"^=+ (ERRORS|FAILURES) =+$", output, re.MULTILINE)
    return output[begin.start() :] if begin else "\n".join(output.splitlines()[-15:])
