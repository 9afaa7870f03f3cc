"""The answer to a request, read as it comes, unpacked if it was packed."""

import asyncio
import zlib
from collections.abc import Mapping
from typing import Final

import aiohttp
from aiohttp.client_proto import ResponseHandler

from agents.exceptions import AgentError

# What is read at once: little, so that nobody waits long while it is decoded.
PIECE: Final = 4 * 1024


class BodyCutError(Exception):
    """Say that a body ended before it was complete."""


class Protocol(ResponseHandler):
    """Read HTTP; a reader of a body is told at once when what comes is none any more: aiohttp lets it wait."""

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        super().set_exception(exc, *cause)
        body = self._payload
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError(" ".join(str(exc).split())))


class Reply:
    """The answer to a request, once its headers are there."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._content = response.content
        self._inflater = _inflater(response.headers.get("Content-Encoding", ""))
        self._inflating = False

    @property
    def ended(self) -> bool:
        """Whether all that will ever come has arrived, read or not."""
        return self._content.is_eof() or self._content.exception() is not None

    async def read(self) -> bytes:
        """Return a piece of what has arrived, waiting for something; `b""` at the end. Raises `BodyCutError`."""
        if not self._inflater:
            return await self._receive()
        while not self._inflater.eof:
            data = self._inflater.unconsumed_tail or await self._receive()
            if not data and self._inflating:
                raise BodyCutError("The compressed body is not complete.")
            if not data:
                return b""
            if inflated := self._inflate(data):
                return inflated
        return b""

    async def gather(self, seconds: float) -> None:
        """Let the kernel gather what comes for a while: taking in five tokens costs little more than one."""
        connection = self._response.connection
        transport = connection.transport if connection else None
        if transport is None or transport.is_closing():
            return
        transport.pause_reading()
        try:
            await asyncio.sleep(seconds)
        finally:
            if not transport.is_closing():
                transport.resume_reading()

    async def _receive(self) -> bytes:
        try:
            return await self._content.read(PIECE)
        except (aiohttp.ClientError, OSError) as error:
            if rest := self._take_rest():
                return rest
            raise BodyCutError(str(error)) from error

    def _take_rest(self) -> bytes:
        """Return what arrived before the connection broke: aiohttp would throw it away."""
        error = self._content.exception()
        self._content.set_exception(None)  # type: ignore[arg-type]
        rest = self._content.read_nowait()
        if error:
            self._content.set_exception(error)
        return rest

    def _inflate(self, data: bytes) -> bytes:
        """Unpack a bounded piece: a few bytes may stand for gigabytes."""
        assert self._inflater is not None
        try:
            inflated = self._inflater.decompress(data, PIECE)
        except zlib.error as error:
            raise BodyCutError(f"The compressed body is damaged: {error}") from error
        self._inflating = not self._inflater.eof
        return inflated


def _inflater(encoding: str) -> "zlib._Decompress | None":
    """Return what unpacks a body that is packed although we asked for a plain one. Raises `AgentError`."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    raise AgentError("agent_unsupported_type", f"The answer is packed as {encoding[:40]}, which was not asked for.")
