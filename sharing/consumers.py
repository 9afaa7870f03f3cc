"""The socket of a room: what its visitors are told while they are there."""

from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from typing import Any, Final
from uuid import UUID

from accounts.addresses import believed
from accounts.queries import with_people
from chats.events import guest_types
from chats.frames import Frame, Source
from chats.live import rendering
from chats.models import Message
from chats.sockets import ENDS, AnswerSocket, Close, encoded
from sharing.exceptions import ShareGone, ShareNotFound
from sharing.models import Share
from sharing.news import NO_PLACE, Closed, Entry, Guest, Lost, Place, Presence, Reason
from sharing.queries import with_agent
from sharing.rooms import room_of
from sharing.shown import GUEST, frame_for_visitors, render_message
from sharing.visits import Visit, found_share, presented_token, visit
from tenants.database import in_database
from tenants.exceptions import TooManyRequests
from tenants.groups import tell
from tenants.managers import find
from tenants.scope import tenant_scope

CODES: Final = {Reason.FULL: Close.FULL, Reason.LEFT: Close.FORBIDDEN, Reason.UNKNOWN: Close.UNKNOWN}
ASKED_AGAIN: Final = frozenset({"message", "blocks"})  # what everybody reads at about the same time, many times


class ShareConsumer(AnswerSocket):
    """Send a visitor with a place what happens in the room; to one who waits, where they stand in line."""

    channel_layer_alias = "none"  # the room hears for all; a channel each would cost, and fail with the layer
    guest: Guest

    async def __call__(self, *args: Any) -> None:
        """Leave the room however the socket ends."""
        with ExitStack() as self.stack:
            await super().__call__(*args)

    async def connect(self) -> None:
        """Let in who has a place, or had one that can be had again."""
        await self.accept()
        here = await in_database(self._find)
        if isinstance(here, Closed):
            await self._shut(here)
            return
        self.team_id, self.subject = here.share.team_id, f"share {here.share.id}"
        self.room = room_of(here.share)
        guest = self.stack.enter_context(self.room.entered(here))
        if isinstance(guest, Closed):
            await self._shut(guest)
            return
        self.guest = guest
        self.spawn(self._hear())

    def _find(self) -> Visit | Closed:
        peer, _ = self.scope.get("client") or ("", 0)
        headers = self.scope["headers_joined"]
        address = believed(peer, headers.get("X-Forwarded-For", ""))
        try:
            share = found_share(self.scope["url_route"]["kwargs"]["token"], address)
            token = presented_token(share.id, headers, self.scope["cookies"])
            with tenant_scope(share.team_id):
                here = visit(share, address, token)
        except (ShareNotFound, TooManyRequests) as error:
            return Closed(Reason.UNKNOWN, error.sentence)
        except ShareGone:
            assert share.ending is not None
            return Closed.by(share.ending)
        return NO_PLACE if here.participant is None or here.participant.left_at is not None else here

    async def _shut(self, closed: Closed) -> None:
        await self.refuse(CODES.get(closed.reason, Close.ENDED), closed.reason, message=closed.message)

    async def _hear(self) -> None:
        """Pass on the news of the room; who gets too far behind comes again and sees all at once."""
        async for news in self.room.news(self.guest):
            match news:
                case Place():
                    await self._seat(news)
                case Entry():
                    await self._add(news)
                case Presence():
                    make = partial(encoded, "presence", asdict(news))
                    await self.send(text_data=self.room.copies.text(news, make))
                case Closed():
                    await self._shut(news)
                case Lost():
                    await self.close(Close.FAULT)

    async def _seat(self, place: Place) -> None:
        seat = {
            "state": "in" if place.is_in else "waiting",
            "ahead": place.ahead or 0,
            "participant_id": str(self.guest.id),
            "name": self.guest.name,
            "can_write": place.can_write,
            "last_message_id": str(self.room.last_message_id or ""),
            "is_answering": self.room.answering is not None,
        }
        await self.tell("seat", seat)
        if place.is_in and self.room.answering:
            self.follow(self.room.answering)

    async def _add(self, entry: Entry) -> None:
        if self.html:
            await self.send(text_data=self.room.copies.text(("entry", entry.message_id), entry.as_html))
        elif said := entry.as_said():
            await self.send(text_data=self.room.copies.text(("said", entry.message_id), partial(encoded, *said)))
        if entry.source:
            self.follow(entry.source)

    async def typed(self) -> None:
        """Tell the others that this visitor types."""
        if self.guest.place and self.guest.place.is_in and self.guest.place.can_write:
            await tell(self.room.chat_group, guest_types(self.guest.id, self.guest.name or GUEST))

    # Answers: made once for all who read them

    async def text_of(self, frame: Frame, source: Source) -> str:
        """Return what visitors are sent of a frame."""
        make = partial(self._encoded, frame, source)
        if frame.type in ASKED_AGAIN:
            return self.room.copies.text((source.message_id, frame.type, frame.id, *frame.data.values()), make)
        if self.html and frame.type in ENDS:
            return await self.room.copies.work((source.message_id, frame.type), partial(self._ended, frame, source))
        return make()

    def _encoded(self, frame: Frame, source: Source, **more: str) -> str:
        shown = frame if frame.type == "blocks" else frame_for_visitors(frame)
        if shown is None:
            return ""
        return encoded(shown.type, {**shown.data, "message_id": str(source.message_id), **more}, shown.id)

    async def _ended(self, frame: Frame, source: Source) -> str:
        share = self.room.share
        message = await self.in_team(self._load, source.message_id, share)
        if message is None:
            return self._encoded(frame, source)
        return self._encoded(frame, source, html=await rendering(render_message, message, share))

    @staticmethod
    def _load(message_id: UUID, share: Share) -> Message | None:
        with_agent(share)  # it is shown beside the answer
        return find(with_people(Message.objects.all(), "author"), id=message_id)
