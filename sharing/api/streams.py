"""A room over HTTP: one stream of server-sent events for programs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from agents.relay import is_ending
from agents.relay.transcript import Cursor
from chats.api.streams import EVENT_STREAM, event_stream, place_named
from chats.api.views import LAST_EVENT_ID
from chats.exceptions import BadEventId
from chats.frames import KEEP_ALIVE_SECONDS, Frame, Source, read_answer
from sharing.api.visitors import VisitorView
from sharing.exceptions import JoinFirst
from sharing.merging import Merged
from sharing.models import Share
from sharing.news import Closed, Entry, Lost, News, Place, Presence
from sharing.queries import shown_messages
from sharing.rooms import Room, room_of
from sharing.shown import frame_for_visitors
from sharing.visits import Visit, visiting
from tenants.threads import let_go_of_request_thread


@extend_schema(tags=["sharing"])
class StreamView(VisitorView):
    http_method_names = ["get", "options"]  # the head of a stream would be as long as the stream
    refusals: ClassVar[dict[str, list[str]]] = {"get": ["403", "410", "429"]}

    @extend_schema(
        operation_id="stream_share", parameters=[LAST_EVENT_ID], responses={(200, EVENT_STREAM): OpenApiTypes.STR}
    )
    def get(self, request: Request, token: str) -> StreamingHttpResponse:
        """Follow what happens in the room, which also keeps one's place.

        First `presence` and the running answer, from its start or from the place that `Last-Event-ID` names; then
        `user_message`, the events of answers as of a chat's stream, and `presence`; as the last event `closed` with its
        `reason`. What was said while one was away is not told again: get the room after coming back.
        """
        with visiting(request._request, token) as visit:
            return room_stream(visit, request.headers.get("Last-Event-ID", ""))


def room_stream(visit: Visit, last_event_id: str) -> StreamingHttpResponse:
    """Answer with all that happens in a room, from how it stands on; raises `JoinFirst` without a place."""
    if not visit.is_in:
        raise JoinFirst()
    return event_stream(_events(visit, _answers_after(visit.share, last_event_id)))


def _answers_after(share: Share, last_event_id: str) -> "Answers":
    """Begin with the rest of the answer that a client was reading.

    An id that names none is passed over: the answer may be gone, and a refusal would end a browser's stream for good.
    """
    answers = Answers()
    with suppress(BadEventId):
        answers.follow(*place_named(shown_messages(share), last_event_id))
    return answers


class Answers:
    """The answers of a room to one reader, each once and one after the other."""

    def __init__(self) -> None:
        self._asked: asyncio.Queue[tuple[Source, Cursor] | None] = asyncio.Queue()
        self._followed: set[UUID] = set()
        self._may_begin = asyncio.Event()

    def follow(self, source: Source, cursor: Cursor | None = None) -> None:
        """Read an answer after those before it, from its start or from a place in it."""
        if source.run_id not in self._followed:
            self._followed.add(source.run_id)
            self._asked.put_nowait((source, cursor or source.start))

    def begin(self) -> None:
        """Let the reading begin."""
        self._may_begin.set()

    def end(self) -> None:
        """Let it end after those that were asked for."""
        self._asked.put_nowait(None)
        self.begin()

    async def read(self) -> AsyncIterator[Frame | None]:
        """Yield their frames; None in long silences within one."""
        await self._may_begin.wait()
        while asked := await self._asked.get():
            async for frame in read_answer(*asked, silence=KEEP_ALIVE_SECONDS):
                yield frame


async def _events(visit: Visit, answers: Answers) -> AsyncIterator[bytes]:
    let_go_of_request_thread()
    room = room_of(visit.share)
    with room.entered(visit) as guest:
        if isinstance(guest, Closed):
            yield _news(guest)
            return
        merged: Merged[News | Frame | None] = Merged()
        merged.add(room.news(guest, silence=KEEP_ALIVE_SECONDS))
        merged.add(answers.read())
        try:
            async for event in _told(room, merged, answers):
                yield event
        finally:
            await merged.close()


async def _told(room: Room, merged: Merged[News | Frame | None], answers: Answers) -> AsyncIterator[bytes]:
    """Yield the news of the room and the answers that grow in it, each as it comes, `presence` first.

    When the server ends, it gives the answers that it writes a moment to finish or be cut short, and readers their end.
    """
    async for told in merged:
        event = _answer(room, told) if isinstance(told, Frame) else _news(told)
        if event:
            yield event
        match told:
            case Place() if told.is_in and room.answering:
                answers.follow(room.answering)
            case Presence():
                answers.begin()
            case Entry() if told.source:
                answers.follow(told.source)
            case Lost() if is_ending():
                answers.end()
            case Closed() | Lost():
                return


def _news(told: News | None) -> bytes:
    match told:
        case None:
            return b": keep-alive\n\n"
        case Presence():
            return _event("presence", asdict(told))
        case Entry() if said := told.as_said():
            return _event(*said)
        case Closed():
            return _event("closed", {"reason": told.reason, "message": told.message})
    return b""


def _answer(room: Room, frame: Frame) -> bytes:
    """Return an answer's event; a piece of text is made once for all who read it."""
    if frame.type != "message":
        return _shown(frame).encode()
    return room.copies.text(("event", frame.id, *frame.data.values()), lambda: _shown(frame)).encode()


def _shown(frame: Frame) -> str:
    shown = frame_for_visitors(frame)
    return f"id: {shown.id}\ndata: {shown.as_json()}\n\n" if shown else ""


def _event(event_type: str, data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps({'type': event_type, 'data': data}, ensure_ascii=False)}\n\n".encode()
