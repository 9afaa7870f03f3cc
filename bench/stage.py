"""Everything a scenario needs: the mock agent, Parley, the plain relay, and a database for each."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg

from bench.door import Door
from bench.servers import Server, free_port, manage, running, uvicorn

BASELINE_USER: Final = {"email": "user@example.org", "password": ""}


@dataclass(frozen=True)
class Stage:
    """Where a run happens: a folder, PostgreSQL if given, and how often a comparison is repeated."""

    folder: Path
    postgres: str = ""
    rounds: int = 3
    streams: tuple[int, ...] = (125, 250, 500, 1000)

    @contextmanager
    def agent(self) -> Iterator[Server]:
        """Run the mock agent."""
        port = free_port()
        with running(["-m", "bench.agent", str(port)], port, {}, self.folder / "agent.log") as server:
            yield server

    @contextmanager
    def parley(self) -> Iterator[Door]:
        """Run Parley as `make run` does, with the demo people."""
        port = free_port()
        home = self.folder / f"parley-{port}"
        home.mkdir()
        with self._database() as url:
            env = {
                "DATA_DIR": str(home),
                "PORT": str(port),
                "AGENT_ALLOWED_CIDRS": "127.0.0.0/8",
                "ACCESS_TOKEN_SECONDS": "7200",
                "LOGIN_RATE_PER_MINUTE": "1000",
                "SHARE_JOINS_PER_MINUTE": "100000",
                "SHARE_LEASE_SECONDS": "3600",
                "LOG_LEVEL": "WARNING",
            }
            env |= {"DATABASE_URL": url} if url else {}
            manage(env, "migrate", "-v0")
            demo = json.loads(manage(env, "demo", "--json"))
            with running(["-m", "config.serve"], port, env, home / "log") as server:
                yield Door(server, admin=demo["admin"], user=demo["user"], service_key=demo["service_key"])

    @contextmanager
    def baseline(self) -> Iterator[Door]:
        """Run the plain relay."""
        port = free_port()
        home = self.folder / f"baseline-{port}"
        home.mkdir()
        with self._database() as postgres:
            sqlite = f"sqlite+aiosqlite:///{home / 'baseline.sqlite3'}"
            url = urlsplit(postgres)._replace(scheme="postgresql+asyncpg").geturl() if postgres else sqlite
            words = uvicorn("bench.baseline:app", port)
            with running(words, port, {"DATABASE_URL": url}, home / "log") as server:
                yield Door(server, admin=BASELINE_USER, user=BASELINE_USER)

    @contextmanager
    def _database(self) -> Iterator[str]:
        """Give a new PostgreSQL database, or "" for the SQLite that each brings."""
        if not self.postgres:
            yield ""
            return
        name = f"parley_bench_{secrets.token_hex(5)}"
        with psycopg.connect(self.postgres, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(self.postgres)._replace(path=f"/{name}").geturl()
        finally:
            with psycopg.connect(self.postgres, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
