"""Measure, print a table for each scenario, write a summary; over a budget is a report and not a failure."""

import argparse
import os
import sys
import tempfile
import traceback
from pathlib import Path

from bench.figures import Figure, table, write_summary
from bench.scenarios import SCENARIOS
from bench.servers import ROOT
from bench.stage import Stage


def main() -> None:
    """Run the scenarios; fail if one of them could not run."""
    options = parse_arguments()
    postgres = os.environ.get("DATABASE_URL") or os.environ.get("TEST_POSTGRES_URL") or ""
    database = "PostgreSQL" if postgres else "SQLite"
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {database}, {options.rounds} rounds\n")
    figures: dict[str, list[Figure]] = {}
    failed: dict[str, str] = {}
    for name in options.scenarios or SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
            stage = Stage(Path(folder), postgres, options.rounds, tuple(options.streams))
            try:
                figures[name] = SCENARIOS[name](stage)
                say(table(name, figures[name]))
            except Exception as error:  # noqa: BLE001 - one that cannot run must not hide the others
                failed[name] = repr(error)
                traceback.print_exc()
    write_summary(options.summary, figures, failed, database=database, cores=os.cpu_count(), load=os.getloadavg())
    say(f"Summary: {options.summary}")
    if failed:
        sys.exit(f"Could not run: {', '.join(failed)}")


def parse_arguments() -> argparse.Namespace:
    """Read what to measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("scenarios", nargs="*", choices=[[], *SCENARIOS], help="which ones; all if none is named")
    parser.add_argument("--rounds", type=int, default=3, help="how often each comparison is repeated")
    parser.add_argument("--streams", type=int, nargs="+", default=[125, 250, 500, 1000], help="live streams to try")
    parser.add_argument("--summary", type=Path, default=ROOT / "var" / "bench.json", help="where the JSON goes")
    return parser.parse_args()


def say(text: str) -> None:
    """Print at once, also when the output is a pipe."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
