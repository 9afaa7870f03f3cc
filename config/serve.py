"""Serve Parley: the one way in which `make run`, the image and the tests start it."""

import asyncio
import os
import socket
from typing import Final

import uvicorn
from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# How long sent bytes may stay unacknowledged. The kernel alone would try for many minutes, and a visitor
# whose network went away would keep their place as long.
VANISHED_SECONDS: Final = 30
# After the grace for live answers: booking those that were cut, and telling their readers.
CLOSING_SECONDS: Final = 2
# Clients say little on a socket: that they are typing.
MAX_FRAME_BYTES: Final = 16 * 1024


class Connection(HttpToolsProtocol):
    """A connection, over HTTP or a socket, that breaks soon after its other end has vanished."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Bound the wait for acknowledgements, where the platform can."""
        super().connection_made(transport)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_SECONDS * 1000)


def main() -> None:
    """Listen on HOST and PORT until a signal to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    uvicorn.run(
        "config.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        http=Connection,
        lifespan="on",
        timeout_graceful_shutdown=settings.SHUTDOWN_GRACE_SECONDS + CLOSING_SECONDS,
        ws_max_size=MAX_FRAME_BYTES,
        # How many proxies to believe is a setting of ours; uvicorn alone would trust any on loopback.
        proxy_headers=False,
        server_header=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
