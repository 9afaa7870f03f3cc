"""All sockets."""

from typing import Any

from django.urls import re_path

from chats.routing import websocket_urlpatterns as chats
from sharing.routing import websocket_urlpatterns as rooms


async def no_such_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuse the handshake at an address that nobody serves."""
    await send({"type": "websocket.close"})


# Django's stubs know HTTP views only.
websocket_urlpatterns = [*chats, *rooms, re_path("", no_such_socket)]  # type: ignore[arg-type]
