"""Bring what the tests need, run all of them on SQLite and on PostgreSQL, and say what ran."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from scripts.backends import Backend, run_all
from scripts.console import StepError, say
from scripts.environment import prepare
from scripts.outcome import Outcome, table
from scripts.services.chromium import browser_variables
from scripts.services.postgres import running_postgres
from scripts.services.redis import running_redis

BACKENDS = ("postgresql", "sqlite")
LIVE = ["tests/live", "tests/browser"]
SCHEMA = ["tests/schema"]
WIRE = ["tests/wire"]
# Each of them waits now and then, if only for its servers.
RUNS_PER_CORE = 2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the tests between starting and stopping the services."""
    options = parse_arguments()
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, stop_once)
    try:
        prepare(dev=True)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-")))
            outcomes, missing = test(options, folder, stack)
    except StepError as failure:
        say(failure.output)
        sys.exit(str(failure))
    for sentence in missing:
        say(f"Missing: {sentence}")
    say(table(outcomes))
    sys.exit(exit_code(outcomes, missing))


def stop_once(*_: object) -> None:
    """Leave through every cleanup; an impatient second signal must not interrupt it."""
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, signal.SIG_IGN)
    sys.exit("Stopped.")


def parse_arguments() -> argparse.Namespace:
    """Read our own options, and what stands after `--` for pytest."""
    parser = argparse.ArgumentParser(prog="make test", description=__doc__)
    parser.add_argument("--only", choices=BACKENDS, help="run one backend instead of both")
    parser.add_argument("--one-by-one", action="store_true", help="never run anything side by side")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    return parser.parse_args()


def test(options: argparse.Namespace, folder: Path, stack: ExitStack) -> tuple[list[Outcome], list[str]]:
    """Start the services, then all runs that can be; tell what was missing."""
    missing: list[str] = []

    def offer(start: Callable[[], dict[str, str]]) -> dict[str, str]:
        try:
            return start()
        except StepError as failure:
            missing.append(str(failure))
            return {}

    say("- starting PostgreSQL and Redis, looking for Chromium")
    services = (
        offer(lambda: {"TEST_POSTGRES_URL": stack.enter_context(running_postgres(folder))})
        | offer(lambda: {"TEST_REDIS_URL": stack.enter_context(running_redis(folder))})
        | offer(browser_variables)
    )
    addresses = {"sqlite": "", "postgresql": services.get("TEST_POSTGRES_URL")}
    wanted = [options.only] if options.only else list(BACKENDS)
    databases = {name: address for name in wanted if (address := addresses[name]) is not None}
    backends = [
        Backend(name, folder, address, services, arguments)
        for name, address, arguments in plan(databases, options.pytest)
    ]
    outcomes = run_all(backends, at_once=1 if options.one_by_one else RUNS_PER_CORE * (os.cpu_count() or 1))
    absent = [name for name in wanted if name not in databases]
    return outcomes + [Outcome(name, missing="did not run") for name in absent], missing


def plan(databases: dict[str, str], arguments: list[str]) -> list[tuple[str, str, list[str]]]:
    """Name the runs, each with its database and what pytest is told, so that the longest do not come last.

    Whoever names files or markers gets one run for each database.
    """
    if any(word.startswith("-m") or Path(word.split("::")[0]).exists() for word in arguments):
        return [(name, address, arguments) for name, address in databases.items()]
    rest = [f"--ignore={folder}" for folder in (*LIVE, *SCHEMA, *WIRE)]
    parts = {"-live": LIVE, "": rest, "-schema": SCHEMA}
    runs = [
        (name + suffix, address, [*part, *arguments])
        for suffix, part in parts.items()
        for name, address in databases.items()
    ]
    return [*runs, ("wire", "", [*WIRE, *arguments])]  # opens no database, so that two would prove the same twice


def exit_code(outcomes: list[Outcome], missing: list[str]) -> int:
    """Fail on a failed test, on no test at all, and in CI on anything that was missing."""
    if any(outcome.failed for outcome in outcomes) or not any(outcome.passed for outcome in outcomes):
        return 1
    return int(bool(missing) and os.environ.get("CI") == "true")


if __name__ == "__main__":
    main()
