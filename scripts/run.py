"""Take a fresh machine to a running server: packages, database, demo data, then serve."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from scripts.address import Address
from scripts.announce import announce_when_ready
from scripts.console import StepError, run_step, say
from scripts.environment import PYTHON, ROOT, only_one_at_a_time, prepare
from scripts.preflight import require_grace, require_listener, require_redis, require_writable


def main() -> None:
    """Check the cheap things first, prepare, then become the server."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--reload", action="store_true", help="restart when a file changes (make dev)")
    reload = parser.parse_args().reload
    data_dir = Path(os.environ.get("DATA_DIR") or ROOT / "var").expanduser().absolute()
    try:
        address = Address.from_environment()
        require_grace()
        require_writable(data_dir)
        address.require_free()
        require_listener("DATABASE_URL", 5432)
        require_redis()
        os.environ |= {
            "ENVIRONMENT": os.environ.get("ENVIRONMENT") or "development",
            "DATA_DIR": str(data_dir),
            "HOST": address.host,
            "PORT": str(address.port),
        }
        prepare(dev=reload)
        with only_one_at_a_time(data_dir / ".setup.lock"):
            demo = set_up()
    except StepError as failure:
        sys.exit(explain(failure, data_dir))
    except KeyboardInterrupt:
        sys.exit("Stopped before the server was up.")
    say(f"- starting the server on {address.url}")
    os.chdir(ROOT)
    announce_when_ready(address, demo)
    serve(address, reload=reload)


def set_up() -> dict[str, object]:
    """Bring database, static files and demo data up to date; return the demo sign-ins."""
    manage: list[str | Path] = [PYTHON, ROOT / "manage.py"]
    run_step("database", [*manage, "migrate", "--no-input", "--verbosity", "0"], cwd=ROOT)
    run_step("static files", [*manage, "collectstatic", "--no-input", "--verbosity", "0"], cwd=ROOT)
    if os.environ["ENVIRONMENT"] == "production":
        return {}
    demo: dict[str, object] = json.loads(run_step("demo data", [*manage, "demo", "--json"], cwd=ROOT))
    return demo


def explain(failure: StepError, data_dir: Path) -> str:
    """Give one sentence; keep a long story in a file for whoever wants it."""
    if len(failure.output.splitlines()) <= 1:
        return str(failure)
    log = data_dir / "run.log"
    log.write_text(failure.output)
    return f"{failure} (the whole story is in {log})"


def serve(address: Address, *, reload: bool) -> None:
    """Replace this process by the server, so that a signal to `make run` reaches it."""
    if reload:
        become("manage.py", "runserver", address.bind)
    become("-m", "config.serve")


def become(*arguments: str) -> NoReturn:
    """Go on as the environment's Python with these arguments."""
    os.execv(PYTHON, [str(PYTHON), *arguments])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
