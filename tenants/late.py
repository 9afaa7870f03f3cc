"""A response that is decided after its view has returned."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from django.http import StreamingHttpResponse


class LateResponse(StreamingHttpResponse):
    """Wait for something on the event loop, without a thread or a connection, before status and headers go out.

    The view returns at once; `config.handler` then awaits `settle`, which calls `decide` with this response. It fills
    in the body, or raises `ParleyError`. When the client goes away meanwhile it is cancelled.
    """

    def __init__(self, decide: Callable[["LateResponse"], Awaitable[None]]) -> None:
        super().__init__()
        self._decide: Callable[[LateResponse], Awaitable[None]] | None = decide
        self._content = _once(b"")

    async def settle(self) -> None:
        """Decide what the response is, once; what decides is let go of, with all that it knows."""
        decide, self._decide = self._decide, None
        assert decide is not None
        await decide(self)

    def become_stream(self, content: AsyncGenerator[bytes, None], content_type: str) -> None:
        """Answer with pieces as they come."""
        self.headers["Content-Type"] = content_type
        self.headers["Cache-Control"] = "no-cache"
        self.headers["X-Accel-Buffering"] = "no"
        self._content = content

    def become_json(self, document: dict[str, Any]) -> None:
        """Answer with one JSON document."""
        body = json.dumps(document, ensure_ascii=False).encode()
        self.headers["Content-Type"] = "application/json"
        self.headers["Content-Length"] = str(len(body))
        self._content = _once(body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body, and close what it comes from as soon as nobody reads on."""
        async with aclosing(self._content) as content:
            async for piece in content:
                yield piece


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
