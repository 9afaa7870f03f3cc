"""An answer over HTTP: as server-sent events, or whole when it has ended."""

from collections.abc import AsyncIterator
from http import HTTPStatus

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from rest_framework.response import Response

from agents import relay
from agents.relay.transcript import Cursor
from chats.actions import Started
from chats.api.serializers import MessageSerializer
from chats.exceptions import BadEventId
from chats.frames import KEEP_ALIVE_SECONDS, Source, ending_of, read_answer
from chats.models import Chat, Message, MessageStatus
from tenants.database import give_back_connections
from tenants.exceptions import NotFound, ParleyError
from tenants.managers import find
from tenants.threads import let_go_of_request_thread

EVENT_STREAM = "text/event-stream"
STATUS_OF_ERROR = {
    "AGENT_TIMEOUT": HTTPStatus.GATEWAY_TIMEOUT,
    "AGENT_BUSY": HTTPStatus.SERVICE_UNAVAILABLE,
    "AGENT_PAUSED": HTTPStatus.SERVICE_UNAVAILABLE,
}


def stream(source: Source, cursor: Cursor) -> StreamingHttpResponse:
    """Answer with the events of an answer from a place on; a client that goes away changes nothing."""
    return event_stream(_events(source, cursor))


def event_stream(events: AsyncIterator[bytes]) -> StreamingHttpResponse:
    """Answer with events as they come."""
    response = StreamingHttpResponse(events, content_type=EVENT_STREAM)
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(source: Source, cursor: Cursor) -> AsyncIterator[bytes]:
    let_go_of_request_thread()
    async for frame in read_answer(source, cursor, silence=KEEP_ALIVE_SECONDS):
        event = ": keep-alive\n\n" if frame is None else f"id: {frame.id}\ndata: {frame.as_json()}\n\n"
        yield event.encode()  # with text Django would look up the charset each time


def whole(started: Started) -> Response:
    """Wait for the end of an answer and give it as one message; a failed one is an error that holds what came."""
    if started.run is not None and started.answer.status == MessageStatus.STREAMING:
        give_back_connections(lasting=True)
        relay.wait(started.run)
    message = find(Message.objects.all(), id=started.answer.id)
    if message is None:  # the chat was deleted meanwhile
        raise NotFound()
    shown = MessageSerializer(message).data
    if message.status in {MessageStatus.COMPLETE, MessageStatus.STOPPED}:
        return Response(shown)
    ending = ending_of(message)
    headers = {"Idempotent-Replayed": "true"} if started.replayed else {}
    error = ParleyError(ending.sentence, extra={"message": shown}, headers=headers)
    error.code = ending.error_code
    error.status = STATUS_OF_ERROR.get(ending.error_code, HTTPStatus.BAD_GATEWAY)
    raise error


def resumed(chat: Chat, answer: Message | None, last_event_id: str | None) -> tuple[Source, Cursor] | None:
    """Find what a client goes on reading: the named run of this chat, else its last answer; None without any."""
    if not last_event_id:
        return None if answer is None or answer.run is None else (Source.of(answer), Source.of(answer).start)
    return place_named(Message.objects.filter(chat=chat), last_event_id)


def place_named(messages: QuerySet[Message], event_id: str) -> tuple[Source, Cursor]:
    """Find the answer among messages, and the place in it, that an event's id names; raises `BadEventId`."""
    try:
        cursor = Cursor.parse(event_id)
    except ValueError:
        raise BadEventId() from None
    named = find(messages.select_related("run"), run_id=cursor.run_id)
    if named is None:
        raise BadEventId()
    return Source.of(named), cursor
