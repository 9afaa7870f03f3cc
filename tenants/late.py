"""A response that is decided after its view has returned."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from django.http import StreamingHttpResponse


class LateResponse(StreamingHttpResponse):
    """Wait for something on the event loop, without a thread or a connection, before status and headers go out.

    The view returns at once; `config.handler` then awaits `settle`, which calls `decide` with this response. It fills
    in the body, or raises `ParleyError`. When the client goes away meanwhile it is cancelled.
    """

    def __init__(self, decide: Callable[["LateResponse"], Awaitable[None]]) -> None:
        super().__init__()
        self._decide = decide

    async def settle(self) -> None:
        """Decide what the response is."""
        await self._decide(self)

    def become_stream(self, content: AsyncIterator[bytes], content_type: str) -> None:
        """Answer with pieces as they come."""
        self.headers["Content-Type"] = content_type
        self.headers["Cache-Control"] = "no-cache"
        self.headers["X-Accel-Buffering"] = "no"
        self.streaming_content = content  # type: ignore[assignment] # the setter takes any iterable

    def become_json(self, document: dict[str, Any]) -> None:
        """Answer with one JSON document."""
        body = json.dumps(document, ensure_ascii=False).encode()
        self.headers["Content-Type"] = "application/json"
        self.headers["Content-Length"] = str(len(body))
        self.streaming_content = _once(body)  # type: ignore[assignment] # the setter takes any iterable


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
