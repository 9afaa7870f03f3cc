"""Refuse a body that is too large before anything of it is kept."""

import json
import re
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from django.conf import settings

from config.errors import body_of
from tenants.exceptions import TooLarge

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# Where a message may bring files; every other body is small.
TAKES_FILES: Final = re.compile(r"/api/chats/[^/]+/messages|/chats/[^/]+/send|/v1/chat/completions|/v1/responses")
PIECE: Final = 64 * 1024


class BodyLimit:
    """Read the body up to the limit, then hand the request on with its true length.

    The length matters: the REST framework takes a request without `Content-Length` (a chunked one) for empty.
    """

    def __init__(self, inner: Callable[[dict[str, Any], Any, Any], Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"")
        limit = settings.MAX_UPLOAD_BYTES if TAKES_FILES.fullmatch(scope["path"]) else settings.MAX_BODY_BYTES
        if declared.isdigit() and int(declared) > limit:
            await self._refuse(scope["path"], send)
        elif declared or b"transfer-encoding" not in headers:
            await self.inner(scope, receive, send)
        else:
            await self._measure(limit, scope, receive, send)

    async def _measure(self, limit: int, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        length = 0
        more = True
        with SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE) as body:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                length += len(message.get("body", b""))
                if length > limit:
                    await self._refuse(scope["path"], send)
                    return
                body.write(message.get("body", b""))
                more = message.get("more_body", False)
            body.seek(0)
            headers = [*scope["headers"], (b"content-length", str(length).encode())]
            await self.inner({**scope, "headers": headers}, _replayed(body, length, receive), send)

    async def _refuse(self, path: str, send: Send) -> None:
        body = json.dumps(body_of(TooLarge(), path)).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": TooLarge.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _replayed(body: IO[bytes], length: int, receive: Receive) -> Receive:
    """Return what gives a measured body again, and after it what comes from the client."""
    left = length
    is_begun = False

    async def replay() -> dict[str, Any]:
        nonlocal left, is_begun
        if is_begun and not left:
            return await receive()
        is_begun = True
        piece = body.read(PIECE)
        left -= len(piece)
        if not left:
            body.close()  # an answer may stream for minutes
        return {"type": "http.request", "body": piece, "more_body": left > 0}

    return replay
