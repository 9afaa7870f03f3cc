"""A room over HTTP: one stream of server-sent events for programs."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from chats.api.streams import EVENT_STREAM, event_stream
from chats.frames import KEEP_ALIVE_SECONDS, Frame, Source, read_answer
from sharing.api.visitors import VisitorView
from sharing.exceptions import JoinFirst
from sharing.merging import Merged
from sharing.news import Closed, Entry, Lost, News, Place, Presence
from sharing.rooms import Room, room_of
from sharing.shown import frame_for_visitors
from sharing.visits import Visit, visiting
from tenants.threads import let_go_of_request_thread


@extend_schema(tags=["sharing"])
class StreamView(VisitorView):
    http_method_names = ["get", "options"]  # the head of a stream would be as long as the stream
    refusals: ClassVar[dict[str, list[str]]] = {"get": ["403", "410", "429"]}

    @extend_schema(operation_id="stream_share", responses={(200, EVENT_STREAM): OpenApiTypes.STR})
    def get(self, request: Request, token: str) -> StreamingHttpResponse:
        """Follow what happens in the room, which also keeps one's place.

        First `presence` and the running answer from its start; then `user_message`, the events of answers as of a
        chat's stream, and `presence`; as the last event `closed` with its `reason`.
        """
        with visiting(request._request, token) as visit:
            return room_stream(visit)


def room_stream(visit: Visit) -> StreamingHttpResponse:
    """Answer with all that happens in a room, from how it stands on; raises `JoinFirst` without a place."""
    if not visit.is_in:
        raise JoinFirst()
    return event_stream(_events(visit))


async def _events(visit: Visit) -> AsyncIterator[bytes]:
    let_go_of_request_thread()
    room = room_of(visit.share)
    with room.entered(visit) as guest:
        if isinstance(guest, Closed):
            yield _news(guest)
            return
        merged: Merged[News | Frame | None] = Merged()
        merged.add(room.news(guest, silence=KEEP_ALIVE_SECONDS))
        try:
            async for event in _told(room, merged):
                yield event
        finally:
            await merged.close()


async def _told(room: Room, merged: Merged[News | Frame | None]) -> AsyncIterator[bytes]:
    """Yield the news of the room and the answers that grow in it, each as it comes."""
    followed: set[Source] = set()
    async for told in merged:
        event = _answer(room, told) if isinstance(told, Frame) else _news(told)
        if event:
            yield event
        if isinstance(told, Closed | Lost):
            return
        source = told.source if isinstance(told, Entry) else room.answering if isinstance(told, Place) else None
        if source is not None and source not in followed:
            followed.add(source)
            merged.add(read_answer(source, source.start, silence=KEEP_ALIVE_SECONDS))


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
