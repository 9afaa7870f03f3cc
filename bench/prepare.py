"""Bring what the comparison needs into Parley's environment."""

import sys

from scripts.console import StepError
from scripts.environment import VENV, install, only_one_at_a_time, prepare


def main() -> None:
    """Install what is missing."""
    try:
        prepare()
        with only_one_at_a_time(VENV / ".lock"):
            (VENV / "bench").mkdir(exist_ok=True)
            install("bench/requirements.txt")
    except StepError as failure:
        sys.exit(f"{failure.output}{failure}")


if __name__ == "__main__":
    main()
