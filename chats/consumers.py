"""The socket of a chat's page: it relays what happens, and calls nobody."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from contextlib import suppress
from enum import IntEnum
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.template.loader import render_to_string

from accounts import resolver
from accounts.exceptions import ScopeRequired
from accounts.models import Scope, User
from accounts.principal import Principal
from agents.queries import may_use
from chats.api.serializers import MessageSerializer
from chats.events import chat_group
from chats.frames import KEEP_ALIVE_SECONDS, Frame, Source, read_answer
from chats.live import LiveAnswer, rendering
from chats.models import Chat, Message, MessageStatus
from chats.queries import last_answer, own_chats, shown_chats
from tenants.database import in_team
from tenants.managers import find

logger = logging.getLogger(__name__)
RECHECK_SECONDS = 4.0


class Close(IntEnum):
    """Why a socket was closed."""

    FAULT = 1011
    SIGNED_OUT = 4401
    FORBIDDEN = 4403
    NO_SUCH_CHAT = 4404


class ChatConsumer(AsyncWebsocketConsumer):
    """Send the frames of a chat's answers and what else changes; with `?html=1` rendered for a page."""

    principal: Principal
    user: User
    chat: Chat

    async def connect(self) -> None:
        """Let the person of the chat in; whoever is let in hears all that happens from then on."""
        self.tasks: set[asyncio.Task[None]] = set()
        self.followed: set[UUID] = set()
        self.html = b"html=1" in self.scope["query_string"]
        principal = self.scope["principal"]
        if principal is None or principal.user is None:
            await self.accept()
            await self._refuse(Close.SIGNED_OUT, "Sign in first.")
            return
        self.principal = principal
        self.user = principal.user
        if not principal.may(Scope.CHATS_READ):
            await self.accept()
            await self._refuse(Close.FORBIDDEN, ScopeRequired(Scope.CHATS_READ).sentence)
            return
        chat = await self._in_team(self._load_chat, self.scope["url_route"]["kwargs"]["chat_id"])
        if chat is None:
            await self.accept()
            await self._refuse(Close.NO_SUCH_CHAT, "There is no such chat.")
            return
        self.chat = chat
        self.group = await self._in_team(chat_group, chat.id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        self._spawn(self._recheck())
        answer = await self._in_team(last_answer, chat)
        if answer is not None and answer.status == MessageStatus.STREAMING:
            self._follow(answer)

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        if group := getattr(self, "group", None):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Ignore what a client says: everything is written over HTTP."""

    # What the chat's group is told

    async def answer_started(self, event: dict[str, Any]) -> None:
        messages = await self._in_team(self._load_messages, [UUID(hex=text) for text in event["message_ids"]])
        for message in messages:
            await self._send_entry(message)
        if messages:
            self._follow(messages[-1])

    async def chat_changed(self, event: dict[str, Any]) -> None:
        await self._send("chat", {"title": event["title"]})

    async def chat_deleted(self, event: dict[str, Any]) -> None:
        await self._refuse(Close.NO_SUCH_CHAT, "This chat was deleted.")

    # Relaying

    def _follow(self, answer: Message) -> None:
        """Relay an answer, once: what is running when the socket opens may be told as started too."""
        if answer.run_id is not None and answer.run_id not in self.followed:
            self.followed.add(answer.run_id)
            self._spawn(self._relay(Source.of(answer)))

    async def _relay(self, source: Source) -> None:
        """Relay an answer from its start; the page resets what it shows at the first frame."""
        live = LiveAnswer.of(source.run_id) if self.html else None
        shown = 0
        async for frame in read_answer(source, source.start, silence=KEEP_ALIVE_SECONDS):
            if frame is None:
                continue
            await self._send_frame(frame, source)
            if live is None or frame.type != "message":
                continue
            place = live.take(frame)
            shown = 0 if frame.data.get("replace") else shown
            if blocks := await live.blocks_after(shown, place):
                shown = blocks.count
                data = {"message_id": str(source.message_id), "html": blocks.html, "tail": blocks.tail}
                await self._send("blocks", data)

    async def _send_frame(self, frame: Frame, source: Source) -> None:
        data = {**frame.data, "message_id": str(source.message_id)}
        is_end = self.html and frame.type in {"done", "error"}
        if is_end and (ended := await self._in_team(self._load_ended, source.message_id)):
            data["html"] = await rendering(self._render, *ended)
        await self._send(frame.type, data, id=frame.id)

    async def _send_entry(self, message: Message) -> None:
        data: dict[str, Any] = {"message_id": str(message.id), "role": message.role, "status": message.status}
        if self.html:
            data["html"] = await rendering(self._render, message, can_go_on=False)  # nothing has failed yet
        else:
            data["message"] = MessageSerializer(message).data
        await self._send("entry", data)

    async def _recheck(self) -> None:
        """Close the socket soon after its person was signed out or deactivated, or lost the chat."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            if not await resolver.still_valid(self.principal):
                await self._refuse(Close.SIGNED_OUT, "You were signed out. Reload the page to sign in again.")
                return
            if not await self._in_team(self._is_still_theirs):
                await self._refuse(Close.NO_SUCH_CHAT, "This chat is no longer yours.")
                return

    async def _send(self, frame_type: str, data: dict[str, Any], **more: str) -> None:
        await self.send(text_data=json.dumps({"type": frame_type, "data": data, **more}, ensure_ascii=False))

    async def _refuse(self, code: Close, reason: str) -> None:
        await self._send("closed", {"reason": reason})
        await self.close(code)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._close_on_fault(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _close_on_fault(self, work: Coroutine[Any, Any, None]) -> None:
        """Close the socket when a task of it fails, so that the page connects again instead of waiting."""
        try:
            await work
        except OSError as error:  # what sending raises once the other side is gone
            logger.info("A socket of chat %s broke: %r", self.chat.id, error)
        except Exception:
            logger.exception("A socket of chat %s failed.", self.chat.id)
        else:
            return
        with suppress(OSError):
            await self.close(Close.FAULT)

    # Database work, in the scope of the team

    async def _in_team(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        return await in_team(self.principal.team_id, work, *args, **kwargs)

    def _load_chat(self, chat_id: UUID) -> Chat | None:
        return find(shown_chats(self.user), id=chat_id)

    def _is_still_theirs(self) -> bool:
        return own_chats(self.user).filter(id=self.chat.id).exists()

    def _load_messages(self, ids: list[UUID]) -> list[Message]:
        rows = Message.objects.filter(chat=self.chat, id__in=ids).select_related("author", "run")
        return list(rows.prefetch_related("attachments").order_by("position"))

    def _load_ended(self, message_id: UUID) -> tuple[Message, bool] | None:
        """Return an answer that ended, and whether it can be tried again; only a bad end makes that worth asking."""
        message = find(Message.objects.select_related("author", "run", "chat__agent"), id=message_id)
        if message is None:
            return None
        return message, message.status != MessageStatus.COMPLETE and may_use(self.user, message.chat.agent)

    def _render(self, message: Message, can_go_on: bool) -> str:
        context = {"message": message, "chat": self.chat, "can_go_on": can_go_on}
        return render_to_string("chats/_message.html", context)
