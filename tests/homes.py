"""Homes of servers: a data folder and a database with the demo in it, made once a run and copied for each server."""

import atexit
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("DATABASE_URL", "") if os.environ.get("DATABASE_URL", "").startswith("postgres") else ""
PRINTED = "demo-as-printed.json"


def manage(env: dict[str, str], *words: str) -> str:
    """Run a management command in an environment; return what it printed."""
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    return done.stdout


def inherited() -> dict[str, str]:
    """Return what a process needs of the environment of the tests; no setting of theirs is among it."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def demo_of(folder: Path) -> dict[str, Any]:
    """Return what `demo --json` printed about the people in a home."""
    demo: dict[str, Any] = json.loads((folder / PRINTED).read_text())
    return demo


@contextmanager
def fresh_home(folder: Path) -> Iterator[dict[str, str]]:
    """Furnish an empty folder, and on PostgreSQL a database; yield the settings that lead a server to them."""
    template, database = _template()
    shutil.copytree(template, folder, dirs_exist_ok=True)
    if not database:
        yield {}
        return
    name = f"parley_live_{secrets.token_hex(6)}"
    _on_postgres(f'CREATE DATABASE "{name}" TEMPLATE "{database}"')
    try:
        yield {"DATABASE_URL": _address(name)}
    finally:
        _on_postgres(f'DROP DATABASE "{name}" WITH (FORCE)')


@cache
def _template() -> tuple[Path, str]:
    """Migrate and furnish a home that no server ever uses; return its folder and its PostgreSQL database, if any."""
    folder = Path(tempfile.mkdtemp(prefix="parley-home-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    env = {**inherited(), "DATA_DIR": str(folder)}
    database = ""
    if POSTGRES:
        database = f"parley_home_{secrets.token_hex(6)}"
        _on_postgres(f'CREATE DATABASE "{database}"')
        atexit.register(_on_postgres, f'DROP DATABASE "{database}" WITH (FORCE)')
        env["DATABASE_URL"] = _address(database)
    manage(env, "migrate", "-v0")
    (folder / PRINTED).write_text(manage(env, "demo", "--json"))
    return folder, database


def _address(database: str) -> str:
    return urlsplit(POSTGRES)._replace(path=f"/{database}").geturl()


def _on_postgres(statement: str) -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(statement)
