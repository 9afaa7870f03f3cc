"""What the sockets of a chat have in common: they relay its answers to one reader, and call nobody."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from contextlib import suppress
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer

from chats.frames import KEEP_ALIVE_SECONDS, Frame, Source, read_answer
from chats.live import LiveAnswer
from chats.models import Message
from tenants.database import in_team

logger = logging.getLogger(__name__)
ENDS: Final = frozenset({"done", "error"})
LONGEST_WORD: Final = 200
TYPING_PAUSE_SECONDS: Final = 1.0
MOST_WORDS: Final = 300
ALIVE_PAUSE_SECONDS: Final = 4.0  # with a keep-alive's time less than the silence that a page bears


class Close(IntEnum):
    """Why a socket was closed."""

    FAULT = 1011
    TOO_MUCH = 1008
    SIGNED_OUT = 4401
    FORBIDDEN = 4403
    NO_SUCH_CHAT = 4404
    UNKNOWN = 4404
    ENDED = 4410
    FULL = 4429


class AnswerSocket(AsyncWebsocketConsumer):
    """Relay answers to one reader, each from its start; with `?html=1` rendered for a page.

    A subclass lets the reader in, sets `team_id` and `subject` (for the log), and says what is shown and how.
    """

    team_id: UUID
    subject = "a chat"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tasks: set[asyncio.Task[None]] = set()
        self.followed: set[UUID] = set()
        self.words = 0
        self.typed_at = 0.0
        self.sent_at = 0.0
        self.is_closed = False

    @property
    def html(self) -> bool:
        return b"html=1" in self.scope["query_string"]

    async def __call__(self, *args: Any) -> None:
        """Serve the socket; what works for it ends with it."""
        try:
            await super().__call__(*args)
        finally:
            for task in self.tasks:
                task.cancel()

    # What a client says

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Hear that somebody types, and nothing else: everything is written over HTTP."""
        self.words += 1
        if self.words > MOST_WORDS:  # since somebody typed last, so that only a flood gets here
            await self.close(Close.TOO_MUCH)
        elif text_data and len(text_data) <= LONGEST_WORD and _type_of(text_data) == "typing":
            now = asyncio.get_running_loop().time()
            if now - self.typed_at >= TYPING_PAUSE_SECONDS:
                self.typed_at, self.words = now, 0
                await self.typed()

    async def typed(self) -> None:
        """Tell the others that this reader types."""

    # Relaying

    def follow(self, source: Source) -> None:
        """Relay an answer, once: what is running when the socket opens may be told as started too."""
        if source.run_id not in self.followed:
            self.followed.add(source.run_id)
            self.spawn(self._relay(source))

    async def _relay(self, source: Source) -> None:
        """Relay an answer from its start; the page resets what it shows at the first frame."""
        live = LiveAnswer.of(source.run_id) if self.html else None
        shown = 0
        async for frame in read_answer(source, source.start, silence=KEEP_ALIVE_SECONDS):
            if frame is None or not await self._send_frame(frame, source):
                await self._keep_alive(source)
                continue
            if live is None or frame.type != "message":
                continue
            place = live.take(frame)
            shown = 0 if frame.data.get("replace") else shown
            if blocks := await live.blocks_after(shown, place):
                shown = blocks.count
                await self._send_frame(Frame("blocks", {"html": blocks.html, "tail": blocks.tail}, ""), source)

    async def _send_frame(self, frame: Frame, source: Source) -> bool:
        text = await self.text_of(frame, source)
        if text:
            await self.send(text_data=text)
        return bool(text)

    async def _keep_alive(self, source: Source) -> None:
        """Tell a page that an answer goes on though nothing of it is shown; else it would fetch all to see."""
        if self.html and asyncio.get_running_loop().time() - self.sent_at >= ALIVE_PAUSE_SECONDS:
            await self.tell("alive", {"message_id": str(source.message_id)})

    async def text_of(self, frame: Frame, source: Source) -> str:
        """Return what is sent of a frame; nothing for one that is not shown."""
        data = {**frame.data, "message_id": str(source.message_id)}
        if self.html and frame.type in ENDS and (html := await self.html_of_ended(source.message_id)):
            data["html"] = html
        return encoded(frame.type, data, frame.id)

    async def html_of_ended(self, message_id: UUID) -> str:
        """Return an answer that ended as a page shows it; nothing if it is gone."""
        raise NotImplementedError

    # Sending

    async def send(self, *args: Any, **kwargs: Any) -> None:
        """Send, unless the socket was closed: what still works for it may have something to say."""
        if not self.is_closed:
            self.sent_at = asyncio.get_running_loop().time()
            await super().send(*args, **kwargs)

    async def close(self, *args: Any, **kwargs: Any) -> None:
        """Close the socket, once."""
        if not self.is_closed:
            self.is_closed = True
            await super().close(*args, **kwargs)

    async def tell(self, frame_type: str, data: dict[str, Any]) -> None:
        """Send a frame that is no part of an answer."""
        await self.send(text_data=encoded(frame_type, data))

    async def refuse(self, code: Close, reason: str, **more: str) -> None:
        """Say why, and close."""
        await self.tell("closed", {"reason": reason, "code": code, **more})
        await self.close(code)

    # Tasks

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Start something that ends with the socket."""
        task = asyncio.create_task(self._close_on_fault(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _close_on_fault(self, work: Coroutine[Any, Any, None]) -> None:
        """Close the socket when a task of it fails, so that the page connects again instead of waiting."""
        try:
            await work
        except OSError as error:  # what sending raises once the other side is gone
            logger.info("A socket of %s broke: %r", self.subject, error)
        except Exception:
            logger.exception("A socket of %s failed.", self.subject)
        else:
            return
        with suppress(OSError):
            await self.close(Close.FAULT)

    async def in_team(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        """Do database work in the scope of the chat's team."""
        return await in_team(self.team_id, work, *args, **kwargs)


def encoded(frame_type: str, data: dict[str, Any], frame_id: str = "") -> str:
    """Return the JSON of a frame."""
    frame: dict[str, Any] = {"type": frame_type, "data": data}
    if frame_id:
        frame["id"] = frame_id
    return json.dumps(frame, ensure_ascii=False)


def source_of(answer: Message) -> Source | None:
    """Return where an answer is read; None for one that no run writes."""
    return None if answer.run is None else Source.of(answer)


def _type_of(text: str) -> Any:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return said.get("type") if isinstance(said, dict) else None
