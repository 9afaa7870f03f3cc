"""The socket of a chat's page: it relays what happens, and calls nobody."""

import asyncio
from collections.abc import Coroutine
from enum import IntEnum
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.template.loader import render_to_string

from accounts import resolver
from accounts.principal import Principal
from chats.api.serializers import MessageSerializer
from chats.events import chat_group
from chats.frames import KEEP_ALIVE_SECONDS, Frame, Source, read_answer
from chats.live import LiveAnswer
from chats.models import Chat, Message
from chats.queries import last_answer, own_chats
from tenants.database import in_team

RECHECK_SECONDS = 4.0


class Close(IntEnum):
    """Why a socket was closed."""

    SIGNED_OUT = 4401
    NO_SUCH_CHAT = 4404


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """Send the frames of a chat's answers and what else changes; with `?html=1` rendered for a page."""

    principal: Principal
    chat: Chat

    async def connect(self) -> None:
        await self.accept()
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.html = b"html=1" in self.scope["query_string"]
        principal = self.scope["principal"]
        if principal is None:
            await self._refuse(Close.SIGNED_OUT, "Sign in first.")
            return
        self.principal = principal
        chat = await self._in_team(self._load_chat, self.scope["url_route"]["kwargs"]["chat_id"])
        if chat is None:
            await self._refuse(Close.NO_SUCH_CHAT, "There is no such chat.")
            return
        self.chat = chat
        self.group = await self._in_team(chat_group, chat.id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        self._spawn("recheck", self._recheck())
        answer = await self._in_team(last_answer, chat)
        if answer is not None and answer.run is not None and Source.of(answer).is_live:
            self._spawn("follow", self._follow(Source.of(answer)))

    async def disconnect(self, code: int) -> None:
        for task in self.tasks.values():
            task.cancel()
        if group := getattr(self, "group", None):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Ignore what a client says: everything is written over HTTP."""

    # What the chat's group is told

    async def answer_started(self, event: dict[str, Any]) -> None:
        messages = await self._in_team(self._load_messages, [UUID(hex=text) for text in event["message_ids"]])
        for message in messages:
            await self._send_entry(message)
        if messages and messages[-1].run is not None:
            self._spawn("follow", self._follow(Source.of(messages[-1])))

    async def chat_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "chat", "data": {"title": event["title"]}})

    async def chat_deleted(self, event: dict[str, Any]) -> None:
        await self._refuse(Close.NO_SUCH_CHAT, "This chat was deleted.")

    # Relaying

    async def _follow(self, source: Source) -> None:
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
                await self.send_json({"type": "blocks", "data": data})

    async def _send_frame(self, frame: Frame, source: Source) -> None:
        data = {**frame.data, "message_id": str(source.message_id)}
        if self.html and frame.type in {"done", "error"}:
            message = await self._in_team(Message.objects.filter(id=source.message_id).select_related("author").first)
            if message is not None:
                data["html"] = await self._in_team(self._render, message)
        await self.send_json({"type": frame.type, "data": data, "id": frame.id})

    async def _send_entry(self, message: Message) -> None:
        data: dict[str, Any] = {"message_id": str(message.id), "role": message.role, "status": message.status}
        if self.html:
            data["html"] = await self._in_team(self._render, message)
        else:
            data["message"] = MessageSerializer(message).data
        await self.send_json({"type": "entry", "data": data})

    async def _recheck(self) -> None:
        """Close the socket soon after its person was signed out, deactivated or moved."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            if not await resolver.still_valid(self.principal):
                await self._refuse(Close.SIGNED_OUT, "You were signed out. Sign in again to go on.")
                return

    async def _refuse(self, code: Close, reason: str) -> None:
        await self.send_json({"type": "closed", "data": {"reason": reason}})
        await self.close(code)

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if earlier := self.tasks.get(name):
            earlier.cancel()
        self.tasks[name] = asyncio.create_task(work)

    # Database work, in the scope of the team

    async def _in_team(self, work: Any, *args: Any) -> Any:
        return await in_team(self.principal.team_id, work, *args)

    def _load_chat(self, chat_id: UUID) -> Chat | None:
        return own_chats(self.principal.user).filter(id=chat_id).first()

    def _load_messages(self, ids: list[UUID]) -> list[Message]:
        rows = Message.objects.filter(chat=self.chat, id__in=ids).select_related("author", "run")
        return list(rows.order_by("position"))

    def _render(self, message: Message) -> str:
        return render_to_string("chats/_message.html", {"message": message, "chat": self.chat})
