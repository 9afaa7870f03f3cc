"""Run every check, each on a line of its own, and fail if one of them did."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from scripts.console import StepError, say
from scripts.environment import ROOT, VENV, prepare


@dataclass(frozen=True)
class Check:
    """Name one command and what it needs."""

    title: str
    command: str
    variables: dict[str, str] = field(default_factory=dict)


# What `check --deploy` judges is a production start, not this machine's.
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "parley.example.org",
    "BASE_URL": "https://parley.example.org",
    "SECURE_SSL_REDIRECT": "on",
}

CHECKS = (
    Check("ruff check", "ruff check ."),
    Check("ruff format", "ruff format --check ."),
    Check("mypy", "mypy ."),
    Check("mypy scripts", "mypy --config-file= --strict --package scripts"),
    Check("djlint lint", "djlint --lint templates"),
    Check("djlint format", "djlint --check templates"),
    Check("import order", "lint-imports"),
    Check("deployment", "python manage.py check --deploy --fail-level WARNING", PRODUCTION),
    Check("migrations", "python manage.py makemigrations --check --dry-run"),
)


def main() -> None:
    """Run all checks, also after a failed one: a person fixes them in one go."""
    try:
        prepare(dev=True)
    except StepError as failure:
        sys.exit(f"{failure.output}{failure}")
    with tempfile.TemporaryDirectory(prefix="parley-") as data_dir:
        failed = [check.title for check in CHECKS if not passes(check, Path(data_dir))]
    if failed:
        sys.exit(f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}")
    say(f"All {len(CHECKS)} checks passed.")


def passes(check: Check, data_dir: Path) -> bool:
    """Run one check; what it says is shown only when it fails."""
    started = time.monotonic()
    program, *arguments = check.command.split()
    done = subprocess.run(
        [VENV / "bin" / program, *arguments],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(data_dir)} | check.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = "FAILED" if done.returncode else "ok"
    say(f"{check.title:<14} {verdict:<7} {time.monotonic() - started:5.1f} s")
    if done.returncode:
        say(done.stdout)
    return done.returncode == 0


if __name__ == "__main__":
    main()
