"""The sockets of chats."""

from typing import Any

from django.urls import path, re_path

from chats.consumers import ChatConsumer


async def no_such_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuse the handshake at an address that nobody serves."""
    await send({"type": "websocket.close"})


# Django's stubs know HTTP views only.
websocket_urlpatterns = [
    path("ws/chats/<uuid:chat_id>", ChatConsumer.as_asgi()),
    re_path("", no_such_socket),  # type: ignore[arg-type]
]
