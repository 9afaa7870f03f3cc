"""Typed reading of the environment: a wrong value stops the start with one sentence."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
env.ENVIRON = {name: value for name, value in os.environ.items() if value}  # an empty one is one that is not set
T = TypeVar("T")


def _read(name: str, read: Callable[[], T], expected: str) -> T:
    try:
        return read()
    except (ValueError, KeyError, environ.ImproperlyConfigured):
        raise ImproperlyConfigured(f"{name} must be {expected}, not {os.environ.get(name, '')!r}.") from None


def text(name: str, default: str) -> str:
    """Read a text."""
    return str(env.str(name, default=default))


def switch(name: str, *, default: bool) -> bool:
    """Read a switch: on, true, yes, 1 or off, false, no, 0."""
    value = text(name, "on" if default else "off").strip().lower()
    if value in {"on", "true", "yes", "1"}:
        return True
    if value in {"off", "false", "no", "0", ""}:
        return False
    raise ImproperlyConfigured(f"{name} must be on or off, not {value!r}.")


def number(name: str, default: int, *, minimum: int = 0, maximum: int = 2**40) -> int:
    """Read a whole number between two bounds, both allowed."""
    value = _read(name, lambda: int(env.int(name, default=default)), "a whole number")
    if not minimum <= value <= maximum:
        raise ImproperlyConfigured(f"{name} must be between {minimum} and {maximum}, not {value}.")
    return value


def words(name: str, default: list[str] | None = None) -> list[str]:
    """Read a comma-separated list; empty parts are dropped."""
    return [part.strip() for part in env.list(name, default=default or []) if part.strip()]


def networks(name: str) -> list[str]:
    """Read a comma-separated list of networks such as 10.0.0.0/8."""
    given = words(name)
    for network in given:
        _read(name, partial(ip_network, network, strict=False), "networks like 10.0.0.0/8, with commas between")
    return given


def hosts_with_port(name: str) -> list[str]:
    """Read a comma-separated list of targets such as n8n:5678."""
    given = words(name)
    for target in given:
        host, _, port = target.rpartition(":")
        if not host or not port.isdigit():
            raise ImproperlyConfigured(f"{name} must be a list of host:port, with commas between, not {target!r}.")
    return given


def choice(name: str, default: str, options: tuple[str, ...]) -> str:
    """Read one of the named options."""
    value = text(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def database(name: str, default: str) -> dict[str, Any]:
    """Read a database address: sqlite:///path or postgres://user:password@host:port/name."""
    parsed = _read(name, lambda: dict(env.db_url(name, default=default)), "an address like postgres://…")
    if parsed.get("ENGINE") not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
        raise ImproperlyConfigured(f"{name} must begin with sqlite:// or postgres://.")
    return parsed


def mail(name: str, default: str) -> dict[str, Any]:
    """Read where mail goes: consolemail://, or smtp[+tls|+ssl]://user:password@host:port."""
    try:
        parsed = dict(env.email_url(name, default=default))
    except (ValueError, KeyError, environ.ImproperlyConfigured):
        parsed = {}
    sends = parsed.get("EMAIL_BACKEND", "").endswith("smtp.EmailBackend")
    if not parsed or (sends and not parsed["EMAIL_HOST"]):  # the value is not repeated: it may hold a password
        raise ImproperlyConfigured(f"{name} must be consolemail:// or like smtp+tls://user:password@host:587.")
    return {**parsed, "EMAIL_PORT": parsed["EMAIL_PORT"] or (465 if parsed.get("EMAIL_USE_SSL") else 587)}


def address(name: str, default: str, schemes: tuple[str, ...]) -> str:
    """Read a URL with a host and one of the schemes; empty stays empty."""
    value = text(name, default)
    parts = urlsplit(value)
    if value and (parts.scheme not in schemes or not parts.netloc):
        raise ImproperlyConfigured(f"{name} must be an address like {schemes[0]}://host, not {value!r}.")
    return value


def secure_address(name: str, default: str) -> str:
    """Read an https:// address; http:// is taken on this machine only."""
    value = address(name, default, ("https", "http"))
    is_local = urlsplit(value).hostname in {"localhost", "127.0.0.1", "::1"}
    if value.startswith("http:") and not is_local:
        raise ImproperlyConfigured(f"{name} must begin with https://, not {value!r}.")
    return value


def folder(name: str, default: Path) -> Path:
    """Read a folder's path and make sure that it can be written to."""
    path = Path(text(name, str(default))).expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".write-test-{os.getpid()}-{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: {path} cannot be written to ({error.strerror}).") from None
    return path


def kept_secret(path: Path) -> str:
    """Return the secret kept in a file, making it once; many processes may race for it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # atomic: the first one wins, and nobody reads half a file
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def derive(secret: str, purpose: str) -> str:
    """Derive an independent key for one purpose from the root secret (HMAC-SHA-256, hexadecimal)."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
