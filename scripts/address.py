"""Decide where the server listens."""

import os
import socket
from dataclasses import dataclass
from typing import Self

from scripts.console import StepError


@dataclass(frozen=True)
class Address:
    """Name a host and a port to listen on."""

    host: str
    port: int

    @classmethod
    def from_environment(cls) -> Self:
        """Read HOST and PORT; loopback and 8000 unless told otherwise."""
        port = os.environ.get("PORT") or "8000"
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise StepError(f"PORT must be a number from 1 to 65535, not {port!r}.")
        return cls(host=os.environ.get("HOST") or "127.0.0.1", port=int(port))

    @property
    def bind(self) -> str:
        """Write host and port the way URLs and servers expect them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def reachable(self) -> "Address":
        """Give the address a browser on this machine can open."""
        loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
        return Address(loopback.get(self.host, self.host), self.port)

    @property
    def url(self) -> str:
        """Give the page a person opens."""
        return f"http://{self.reachable.bind}"

    def require_free(self) -> None:
        """Refuse a port that somebody else holds, before any long work."""
        try:
            family, kind, *_, target = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind) as probe:
                # As servers do: a port whose last owner just left counts as free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(target)
        except OSError as error:
            raise StepError(
                f"Cannot listen on {self.bind}: {error.strerror}. Choose another with HOST and PORT."
            ) from error
