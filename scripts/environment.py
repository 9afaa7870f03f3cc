"""Keep `.venv` in step with the pinned requirements."""

import fcntl
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.console import StepError, run_step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


@contextmanager
def only_one_at_a_time(lock: Path) -> Iterator[None]:
    """Let several commands start together: the first prepares, the others wait and find it done."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def prepare(*, dev: bool = False) -> None:
    """Create the environment and install what changed since the last time."""
    with only_one_at_a_time(VENV / ".lock"):
        if not PYTHON.exists():
            create()
        install("requirements.txt")
        if dev:
            install("requirements-dev.txt")


def create() -> None:
    """Make the virtual environment; Debian ships Python without the part that can."""
    if importlib.util.find_spec("ensurepip") is None:
        raise StepError(
            "This Python cannot make virtual environments. "
            "On Debian and Ubuntu this brings the missing part: apt install python3-venv"
        )
    run_step("creating .venv", [sys.executable, "-m", "venv", VENV])


def install(requirements: str) -> None:
    """Install a pinned list unless exactly this list went in before."""
    pinned = ROOT / requirements
    digest = hashlib.sha256(pinned.read_bytes()).hexdigest()
    stamp = VENV / f"{requirements}.sha256"
    if stamp.exists() and stamp.read_text() == digest:
        return
    run_step(
        f"installing {requirements} (this may take a minute)",
        [
            PYTHON,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "-r",
            pinned,
        ],
    )
    stamp.write_text(digest)
