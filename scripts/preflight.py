"""Look at the environment before any long work, and refuse in one sentence."""

import os
import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from scripts.console import StepError

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


def require_grace() -> None:
    """Refuse what is no time for live answers to finish in after a stop signal."""
    value = os.environ.get("SHUTDOWN_GRACE_SECONDS") or "5"
    if not (value.isascii() and value.isdigit()):
        raise StepError(f"SHUTDOWN_GRACE_SECONDS must be a whole number of seconds, not {value!r}.")


def require_writable(folder: Path) -> None:
    """Refuse a folder that could not keep the data."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StepError(f"DATA_DIR {folder} cannot be written to: {error.strerror}.") from error


def require_redis() -> None:
    """Refuse a REDIS_URL that is no address of a Redis, or where none listens."""
    url = os.environ.get("REDIS_URL", "")
    if url and not url.startswith(REDIS_SCHEMES):
        raise StepError("REDIS_URL must be an address like redis://host:6379/0.")
    require_listener("REDIS_URL", 6379)


def require_listener(variable: str, default_port: int) -> None:
    """Refuse an address of a server that nobody listens at; files and sockets pass."""
    try:
        parts = urlsplit(os.environ.get(variable, ""))
        if parts.hostname:
            socket.create_connection((parts.hostname, parts.port or default_port), timeout=5).close()
    except ValueError as error:
        raise StepError(f"{variable} is not a proper address: {error}.") from error
    except OSError as error:
        where = f"{parts.hostname}:{parts.port or default_port}"
        raise StepError(f"{variable}: nothing answers at {where} ({error.strerror or error}).") from error
