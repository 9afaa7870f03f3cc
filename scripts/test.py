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

BACKENDS = ("sqlite", "postgresql")
# Tests with servers and browsers wait a lot, so they run beside the others; either part is slow to collect for nothing.
LIVE = ("tests/live", "tests/browser")
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
    parser.add_argument("--one-by-one", action="store_true", help="never run the backends side by side")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    return parser.parse_args()


def test(options: argparse.Namespace, folder: Path, stack: ExitStack) -> tuple[list[Outcome], list[str]]:
    """Start the services, then the backends that can run; tell what was missing."""
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
    databases = {"sqlite": "", "postgresql": services.get("TEST_POSTGRES_URL")}
    wanted = [options.only] if options.only else list(BACKENDS)
    absent = [name for name in wanted if databases[name] is None]
    backends = [
        Backend(name + suffix, folder, databases[name] or "", services, arguments)
        for name in wanted
        if name not in absent
        for suffix, arguments in parts(options.pytest).items()
    ]
    outcomes = run_all(backends, side_by_side=not options.one_by_one and (os.cpu_count() or 1) > 1)
    return outcomes + [Outcome(name, missing="did not run") for name in absent], missing


def parts(arguments: list[str]) -> dict[str, list[str]]:
    """Name the parts of a run, each with what pytest is told; whoever names files or markers gets a single one."""
    if any(word.startswith("-m") or Path(word.split("::")[0]).exists() for word in arguments):
        return {"": arguments}
    return {"": [*(f"--ignore={folder}" for folder in LIVE), *arguments], "-live": [*LIVE, *arguments]}


def exit_code(outcomes: list[Outcome], missing: list[str]) -> int:
    """Fail on a failed test, on no test at all, and in CI on anything that was missing."""
    if any(outcome.failed for outcome in outcomes) or not any(outcome.passed for outcome in outcomes):
        return 1
    return int(bool(missing) and os.environ.get("CI") == "true")


if __name__ == "__main__":
    main()
