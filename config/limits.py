"""Refuse a body that is too large before anything of it is kept."""

import re
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from django.conf import settings

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# Where a message may bring files; every other body is small.
TAKES_FILES: Final = re.compile(r"/api/chats/[^/]+/messages|/chats/[^/]+/send|/v1/chat/completions|/v1/responses")
# Where a picture is sent; one that is too large is refused there, in words of its own.
TAKES_A_PICTURE: Final = re.compile(r"/api/agents/[^/]+/avatar|/agents/[^/]+/avatar|/profile")
# Where a bench session is sent whole, with all its answers, or a table of questions.
TAKES_A_SESSION: Final = re.compile(
    r"/api/v1/users/[^/]+/sessions(/[^/]+)?|/api/bench/sets(/[^/]+/versions)?|/bench/(import|sets/new|sets/[^/]+/upload)"
)
# In the scope of a request whose body was too large and is gone.
REFUSED: Final = "parley.body_refused"
PIECE: Final = 64 * 1024


class BodyLimit:
    """Read the body up to the limit, then hand the request on with its true length.

    The length matters: the REST framework takes a request without `Content-Length` (a chunked one) for empty. A
    request with a larger body is handed on without it, for `config.middleware.LargeBodies` to refuse.
    """

    def __init__(self, inner: Callable[[dict[str, Any], Any, Any], Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"")
        limit = _limit(scope["path"])
        if declared.isdigit() and int(declared) > limit:
            await self._refuse(scope, receive, send)
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
                    await self._refuse(scope, receive, send)
                    return
                body.write(message.get("body", b""))
                more = message.get("more_body", False)
            body.seek(0)
            headers = [*scope["headers"], (b"content-length", str(length).encode())]
            await self.inner({**scope, "headers": headers}, _replayed(body, length, receive), send)

    async def _refuse(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        about_the_body = (b"content-length", b"transfer-encoding")
        headers = [(name, value) for name, value in scope["headers"] if name not in about_the_body]
        await self.inner({**scope, "headers": headers, REFUSED: True}, _without_body(receive), send)


def _limit(path: str) -> int:
    if TAKES_FILES.fullmatch(path):
        return int(settings.MAX_UPLOAD_BYTES)
    if TAKES_A_PICTURE.fullmatch(path):
        return max(settings.MAX_BODY_BYTES, 5 * settings.MAX_AVATAR_BYTES)
    if TAKES_A_SESSION.fullmatch(path):
        return max(settings.MAX_BODY_BYTES, settings.MAX_BENCH_BODY_BYTES)
    return int(settings.MAX_BODY_BYTES)


def _without_body(receive: Receive) -> Receive:
    """Return what gives an empty body; what comes of the real one meanwhile is thrown away."""
    is_begun = False

    async def hear() -> dict[str, Any]:
        nonlocal is_begun
        if not is_begun:
            is_begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while (message := await receive())["type"] == "http.request":
            pass
        return message

    return hear


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
