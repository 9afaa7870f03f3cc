"""The rooms of this process: one a link, alive as long as somebody is connected to it here.

A room looks into the rows when something is told to have happened, and by its own clock: what is told may be lost, or
never arrive from another process. So whatever a thousand people see costs the database a few queries a second.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from functools import partial
from typing import Final
from uuid import UUID

from django.utils import timezone

from agents.relay import is_ending
from chats.events import chat_group
from chats.frames import Source
from chats.live import rendering
from chats.models import Message, MessageRole
from chats.sockets import source_of
from chats.typists import Typists
from sharing.copies import Copies
from sharing.events import share_group
from sharing.models import Ending, Share
from sharing.news import LOSSES, TOO_MANY_WINDOWS, Closed, Entry, Guest, Lost, News, Place, Presence, Reader
from sharing.shown import message_for_visitors, name_of_member, render_message
from sharing.sight import Errand, Sight, look
from sharing.visits import Visit
from tenants.database import in_team
from tenants.groups import heard
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)
CLOCK_SECONDS: Final = 1.0
CLOCK_SECONDS_A_ROOM: Final = 0.005  # a process with very many rooms looks more rarely; what it is told still counts
SHORTEST_PAUSE_SECONDS: Final = 0.1  # between two looks: a crowd that comes at once is seen as one
RENEW_SECONDS: Final = 5.0
KEPT_ENTRIES: Final = 100
MOST_CONNECTIONS: Final = 8


_rooms: dict[UUID, "Room"] = {}


def room_of(share: Share) -> "Room":
    """Return the room of a link on this event loop."""
    room = _rooms.get(share.id)
    if room is None or room.has_ended or room.loop is not asyncio.get_running_loop():
        room = _rooms[share.id] = Room(share)
    return room


class Room:
    """One link's room in this process: who is here, how it stands, what was said lately."""

    def __init__(self, share: Share) -> None:
        self.loop = asyncio.get_running_loop()
        self.share = share
        self.share_id, self.team_id = share.id, share.team_id
        with tenant_scope(share.team_id):
            self.chat_group, self.share_group = chat_group(share.chat_id), share_group(share.id)
        self.copies = Copies()
        self.typists = Typists(self._wake)
        self.guests: dict[UUID, Guest] = {}
        self.entries: deque[Entry] = deque(maxlen=KEPT_ENTRIES)
        self.told = 0  # entries so far, those dropped included
        self.last_message_id: UUID | None = None
        self.answering: Source | None = None
        self.closed: Closed | None = None
        self.has_ended = False
        self._sight: Sight | None = None
        self._gone: set[UUID] = set()
        self._newcomers: set[UUID] = set()
        self._renewed_at = 0.0
        self._position: int | None = None
        self._hint = asyncio.Event()
        self._waiters: set[asyncio.Future[bool]] = set()
        self.life = self.loop.create_task(self._live(), context=Context())

    # Who is here

    @contextmanager
    def entered(self, visit: Visit) -> Iterator[Guest | Closed]:
        """Count a connection of a participant in as long as it lasts; `Closed` if they have too many."""
        guest = self._guest_of(visit)
        if guest.connections >= MOST_CONNECTIONS:
            yield TOO_MANY_WINDOWS
            return
        guest.connections += 1
        try:
            yield guest
        finally:
            guest.connections -= 1
            if guest.connections == 0 and self.guests.get(guest.id) is guest:
                self._let_go(guest)

    def _guest_of(self, visit: Visit) -> Guest:
        """Return who visits, known or new; somebody who was sent away may have come in again."""
        assert visit.participant is not None
        guest = self.guests.get(visit.participant.id)
        if guest is None or guest.closed is not None:
            guest = Guest(visit.participant.id, visit.token, visit.participant.name)
            self.guests[guest.id] = guest
            self._newcomers.add(guest.id)
            self._gone.discard(guest.id)
            self._hint.set()
        return guest

    def _let_go(self, guest: Guest) -> None:
        del self.guests[guest.id]
        self.typists.forget(guest.id.hex)
        self._newcomers.discard(guest.id)
        if guest.closed is None:
            self._gone.add(guest.id)
        self._hint.set()

    # What they are told

    async def news(self, guest: Guest, *, silence: float | None = None) -> AsyncIterator[News | None]:
        """Yield what somebody is told, from how things stand on; None after each `silence` seconds without anything.

        The last is `Closed` or `Lost`.
        """
        told = Reader()
        while True:
            if closed := self.closed or guest.closed:
                yield closed
                return
            if self.has_ended:
                yield Lost()
                return
            if guest.place is not None and guest.place != told.place:
                if not told.is_in:
                    told.entry = self.told
                told.place = guest.place
                yield guest.place
            elif told.place is not None and (presence := self._presence_for(guest, told.place)) != told.presence:
                told.presence = presence
                yield presence
            elif told.is_in and told.entry < self.told:
                if told.entry < self.told - len(self.entries):
                    yield Lost()
                    return
                told.entry += 1
                yield self.entries[told.entry - self.told - 1]
            elif not await self._changed(silence):
                yield None

    def _presence_for(self, guest: Guest, place: Place) -> Presence:
        assert self._sight is not None
        seen = self._sight
        typing = self.typists.names(apart_from=guest.id.hex) if place.is_in else ()
        share = seen.share
        return Presence(len(seen.inside), share.max_concurrent_users, len(seen.line), share.messages_left, typing)

    async def _changed(self, seconds: float | None) -> bool:
        waiter: asyncio.Future[bool] = self.loop.create_future()
        timer = None if seconds is None else self.loop.call_later(seconds, partial(_tell, waiter, changed=False))
        self._waiters.add(waiter)
        try:
            return await waiter
        finally:
            self._waiters.discard(waiter)
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        for waiter in self._waiters:
            _tell(waiter, changed=True)

    # Life

    async def _live(self) -> None:
        listening = asyncio.create_task(self._listen())
        try:
            while not self.has_ended:
                self._hint.clear()
                try:
                    await self._look()
                except Exception:
                    logger.exception("The room of share %s could not look; trying again.", self.share_id)
                if self.closed or is_ending() or not (self.guests or self._gone):
                    self.has_ended = True
                else:
                    await self._pause()
        finally:
            self.has_ended = True
            if _rooms.get(self.share_id) is self:
                del _rooms[self.share_id]
            self.typists.clear()
            self._wake()
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _pause(self) -> None:
        """Wait until something is told or the clock strikes, and no longer than the link is valid."""
        await asyncio.sleep(SHORTEST_PAUSE_SECONDS)
        clock = max(CLOCK_SECONDS, CLOCK_SECONDS_A_ROOM * len(_rooms))
        left = (self.share.expires_at - timezone.now()).total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(clock, left))):
                await self._hint.wait()

    async def _listen(self) -> None:
        async for event in heard(self.chat_group, self.share_group):
            if event is not None and event["type"] == "chat.typing":
                member = event["member"]
                self.typists.note(event["who"], name_of_member(**member) if member else event["name"])
            else:
                self._hint.set()

    # Looking

    async def _look(self) -> None:
        gone, self._gone = self._gone, set()
        newcomers, self._newcomers = self._newcomers, set()
        is_due = self.loop.time() - self._renewed_at >= RENEW_SECONDS
        here = {guest.id: guest.token for guest in self.guests.values() if guest.closed is None}
        answering = self.answering.message_id if self.answering else None
        errand = Errand(self.share_id, here, here.keys() if is_due else newcomers, gone, self._position, answering)
        try:
            seen = await in_team(self.team_id, look, errand)
            entries = [] if isinstance(seen, Ending) else [await _entry_of(one, seen.share) for one in seen.messages]
        except BaseException:
            self._gone |= gone - self.guests.keys()
            self._newcomers |= newcomers & self.guests.keys()
            raise
        if is_due:
            self._renewed_at = self.loop.time()
        if isinstance(seen, Ending):
            self.closed = Closed.by(seen)
            self._wake()
        else:
            self._take(seen, entries)

    def _take(self, seen: Sight, entries: list[Entry]) -> None:
        """Note what was seen, and wake who is to be told of it."""
        before = self._sight
        self.share, self._sight = seen.share, seen
        is_moved = before is None or _numbers(before) != _numbers(seen)
        if not seen.is_answering:
            self.answering = None
        self._add(seen.messages, entries)
        places = {one: Place(seen.share.can_write, number) for number, one in enumerate(seen.line)}
        inside = Place(seen.share.can_write)
        for guest in self.guests.values():
            place = inside if guest.id in seen.inside else places.get(guest.id)
            if place is not None and place != guest.place:
                guest.place, is_moved = place, True
            elif loss := seen.lost.get(guest.id):
                guest.closed, is_moved = LOSSES[loss], True
        if is_moved or entries:
            self._wake()

    def _add(self, messages: list[Message], entries: list[Entry]) -> None:
        """Keep the new messages; the first that are seen are known to whoever comes in."""
        is_first = self._position is None
        self._position = self._position or 0
        for message, entry in zip(messages, entries, strict=True):
            self._position = message.position
            self.last_message_id = entry.message_id
            if entry.source is not None and entry.source.is_live:
                self.answering = entry.source
            if not is_first:
                self.entries.append(entry)
                self.told += 1
                self.typists.forget((message.guest_id or message.author_id or message.id).hex)


async def _entry_of(message: Message, share: Share) -> Entry:
    html = await rendering(render_message, message, share)
    source = source_of(message) if message.role == MessageRole.ASSISTANT else None
    return Entry(message.id, message.role, message.status, message_for_visitors(message, share), html, source)


def _numbers(seen: Sight) -> tuple[int, int, int]:
    return len(seen.inside), len(seen.line), seen.share.max_concurrent_users


def _tell(waiter: asyncio.Future[bool], *, changed: bool) -> None:
    if not waiter.done():
        waiter.set_result(changed)
