"""Talk to the person at the terminal in short plain lines."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


class StepError(Exception):
    """Carry one sentence for a person and the full output for whoever looks deeper."""

    def __init__(self, sentence: str, output: str = "") -> None:
        super().__init__(sentence)
        self.output = output


def say(text: str = "") -> None:
    """Print at once, also when the output is a pipe."""
    print(text, flush=True)


def last_line(output: str) -> str:
    """Give the line that names the trouble: tracebacks and most tools put it last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def run_step(
    title: str, command: list[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> str:
    """Announce a command, run it quietly and return what it printed."""
    say(f"- {title}")
    done = subprocess.run(
        command, env=env, cwd=cwd, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        output = done.stdout + done.stderr
        raise StepError(last_line(output), output)
    return done.stdout
