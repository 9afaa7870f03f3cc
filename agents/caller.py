"""Call an agent and give its answer as it grows."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Final

from agents import outbound
from agents.exceptions import AgentError
from agents.kinds import KINDS, Call, Local, OutboundRequest, Remote
from agents.limits import Clock, Limits
from agents.packing import packed
from agents.replies import PIECE, BodyCutError, Reply
from agents.wire import Conversation, Decoder, Event, Failed, Notice, Replace, Text, Usage
from agents.wire.status import refusal

# Once an answer flows it is read in sips of this length, unless there is a lot of it at once.
SIP_SECONDS: Final = 0.075

WITHOUT_BODY: Final = (204, 205)
SHORT_BODY_BYTES: Final = 64 * 1024
SHORT_BODY_SECONDS: Final = 5.0
MAX_ID_CHARS: Final = 300


@dataclass(slots=True)
class Outcome:
    """What was learnt about a call besides its text; filled while the call runs.

    `content_type` is what the answer was declared as, `format` what it was recognised as, `received` counts bytes of
    the body, `conversation_id` is what the agent's side calls the conversation. `moments` are the times
    (`time.monotonic`) at which the call came so far: "resolved" (the address was looked up and may be dialled),
    "connected", "answered" (the headers), "first_byte", "recognised", "first_text", "ended".
    """

    http_status: int | None = None
    content_type: str = ""
    format: str = ""
    received: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    conversation_id: str = ""
    moments: dict[str, float] = field(default_factory=dict)

    def reached(self, moment: str) -> None:
        """Note when the call first came so far."""
        self.moments.setdefault(moment, monotonic())


async def call_agent(call: Call, outcome: Outcome | None = None) -> AsyncGenerator[Text | Replace | Notice, None]:
    """Call an agent once and yield its answer piece by piece.

    Ends when the answer is complete. Raises `AgentError` otherwise, after all text that came was yielded, and
    `ValueError` for limits that make no sense. Closing the generator (`aclose`) or cancelling its task closes the
    connection at once; the agent's own run may go on.
    """
    outcome = outcome or Outcome()
    limits = Limits.from_mapping(call.limits)
    kind = KINDS[call.kind]
    answer = _ask(kind, call, limits, outcome) if isinstance(kind, Remote) else _listen(kind, call, limits)
    async with aclosing(answer) as events:
        async for event in events:
            match event:
                case Text() | Replace():
                    outcome.reached("first_text")
                    yield event
                case Notice():
                    yield event
                case Conversation():
                    outcome.conversation_id = event.id[:MAX_ID_CHARS]
                case Usage():
                    outcome.prompt_tokens = event.prompt_tokens
                    outcome.completion_tokens = event.completion_tokens
                case Failed():
                    event.error.http_status = event.error.http_status or outcome.http_status
                    raise event.error
    outcome.reached("ended")


async def _ask(kind: Remote, call: Call, limits: Limits, outcome: Outcome) -> AsyncGenerator[Event, None]:
    """Send the call and decode what comes back."""
    clock = Clock(limits)
    if kind.uploads and call.attachments:
        uploads = await packed(kind.uploads, call)
        call = replace(call, uploaded=tuple([await _upload(each, limits, clock, outcome) for each in uploads]))
    [request] = await packed(lambda call: [kind.request(call)], call)
    async with AsyncExitStack() as stack:
        reply = await _send(request, stack, limits, clock, outcome)
        decoder = _decoder(outcome.content_type, limits)
        async with aclosing(_read(reply, decoder, limits, clock, outcome)) as events:
            async for event in events:
                yield event


async def _send(
    request: OutboundRequest, stack: AsyncExitStack, limits: Limits, clock: Clock, outcome: Outcome
) -> Reply:
    """Send a request and return the reply, open until the stack ends. Raises `AgentError` for a refusal."""
    posting = outbound.post(request, connect_seconds=limits.connect, reached=outcome.reached)
    reply = await clock.within(stack.enter_async_context(posting))
    outcome.reached("answered")
    outcome.http_status = reply.status
    outcome.content_type = reply.headers.get("Content-Type", "")
    if reply.status in WITHOUT_BODY or not 200 <= reply.status < 300:
        raise refusal(reply.status, reply.headers, await _beginning(reply))
    return reply


async def _upload(request: OutboundRequest, limits: Limits, clock: Clock, outcome: Outcome) -> Any:
    """Send what must be there before the question; return what was answered to it."""
    async with AsyncExitStack() as stack:
        reply = await _send(request, stack, limits, clock, outcome)
        body = await clock.within(_beginning(reply))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise AgentError("agent_bad_json", "The answer to the upload of a file is no JSON.") from None


async def _read(
    reply: Reply, decoder: Decoder, limits: Limits, clock: Clock, outcome: Outcome
) -> AsyncGenerator[Event, None]:
    """Read to the end of the answer, which may come before the end of the body."""
    while not decoder.finished:
        data, busy = b"", 0.0
        try:
            data = await clock.within(reply.read(), decoder.pending)
            began = monotonic()
            events = decoder.feed(data) if data else decoder.end(clean=True)
            busy = monotonic() - began
        except BodyCutError:
            events = decoder.end(clean=False)
        except AgentError as error:
            events = decoder.abort(error)
        outcome.received += len(data)
        if outcome.received > limits.body_bytes:
            events += decoder.abort(AgentError("agent_too_large", f"More than {limits.body_bytes} bytes came."))
        clock.saw(events)
        if data:
            outcome.reached("first_byte")
        outcome.format = decoder.format
        if decoder.format:
            outcome.reached("recognised")
        for event in events:
            yield event
        if len(data) >= PIECE:
            await asyncio.sleep(busy)  # a flood leaves others as much time as it takes
        elif clock.saw_text and not (decoder.finished or reply.ended):
            await reply.gather(clock.until(SIP_SECONDS))


async def _listen(kind: Local, call: Call, limits: Limits) -> AsyncGenerator[Event, None]:
    """Give the answer of a kind without network, under the same limit of text."""
    decoder = _decoder("text/plain", limits)
    async with aclosing(kind.stream(call)) as pieces:
        async for piece in pieces:
            for event in decoder.feed(piece.encode()):
                yield event
            if decoder.finished:
                return
    for event in decoder.end(clean=True):
        yield event


def _decoder(content_type: str, limits: Limits) -> Decoder:
    return Decoder(content_type, max_event_bytes=limits.event_bytes, max_text_bytes=limits.text_bytes)


async def _beginning(reply: Reply) -> bytes:
    """Return the first bytes of a short body, or as many as come soon."""
    body = b""
    with suppress(BodyCutError, TimeoutError):
        async with asyncio.timeout(SHORT_BODY_SECONDS):
            while len(body) < SHORT_BODY_BYTES and (data := await reply.read()):
                body += data
    return body[:SHORT_BODY_BYTES]
