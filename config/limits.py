"""Refuse a body that is too large before anything of it is kept."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from tenants.exceptions import TooLarge

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class BodyLimit:
    """Read the body up to the limit, then hand the request on with its true length.

    The length matters: the REST framework takes a request without `Content-Length` (a chunked one) for empty.
    """

    def __init__(self, inner: Callable[[dict[str, Any], Any, Any], Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > settings.MAX_BODY_BYTES:
            await self._refuse(send)
        elif declared or b"transfer-encoding" not in headers:
            await self.inner(scope, receive, send)
        else:
            await self._measure(scope, receive, send)

    async def _measure(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > settings.MAX_BODY_BYTES:
                await self._refuse(send)
                return
        whole = iter([{"type": "http.request", "body": bytes(body), "more_body": False}])

        async def replay() -> dict[str, Any]:
            return next(whole, None) or await receive()

        headers = [*scope["headers"], (b"content-length", str(len(body)).encode())]
        await self.inner({**scope, "headers": headers}, replay, send)

    async def _refuse(self, send: Send) -> None:
        body = json.dumps(TooLarge().body()).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": TooLarge.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
