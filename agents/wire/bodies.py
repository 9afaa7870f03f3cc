"""The shapes a body may have, each turning text into events."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol

from agents.exceptions import AgentError
from agents.wire.document import error_message, find_text, read_document
from agents.wire.events import Event, Failed, Finished, Text
from agents.wire.formats import Frames, surely_frame
from agents.wire.formats.errors import failed
from agents.wire.jsonseq import MISSING, OVERSIZED, JsonScanner, parse
from agents.wire.page import HtmlBody
from agents.wire.sniff import Shape, declares_frames, declares_json
from agents.wire.sse import ServerSentEvent, SseParser
from agents.wire.text import size

DONE: Final = "[DONE]"
SILENT_EVENTS: Final = frozenset({"ping", "heartbeat", "keepalive"})


class Body(Protocol):
    """`format` names what was recognised; `end` gives what is left once no more text comes.

    `unread` is the answer if the body came to a good end without any other text.
    """

    @property
    def format(self) -> str: ...

    @property
    def unread(self) -> str: ...

    def feed(self, text: str) -> Iterator[Event]: ...

    def end(self) -> Iterator[Event]: ...


def body_of(shape: Shape, media_type: str, max_event_bytes: int) -> Body:
    if shape is Shape.JSON:
        return JsonBody(max_event_bytes, strict=declares_frames(media_type))
    if shape is Shape.SSE:
        return SseBody(max_event_bytes, guessed=not declares_frames(media_type))
    if shape is Shape.HTML:
        return HtmlBody()
    return ScalarBody(max_event_bytes) if declares_json(media_type) else PlainBody()


class PlainBody:
    """Text shown as it comes."""

    format = "text"
    unread = ""

    def feed(self, text: str) -> Iterator[Event]:
        yield Text(text)

    def end(self) -> Iterator[Event]:
        return iter(())


class ScalarBody:
    """Something declared as JSON that is neither object nor array: a string, a number, or no JSON at all."""

    format = "document"
    unread = ""

    def __init__(self, max_event_bytes: int) -> None:
        self._max = max_event_bytes
        self._raw: list[str] = []
        self._size = 0

    def feed(self, text: str) -> Iterator[Event]:
        self._raw.append(text)
        self._size += size(text)
        if self._size > self._max:
            yield Failed(too_large(self._max))

    def end(self) -> Iterator[Event]:
        raw = "".join(self._raw)
        if raw.strip():
            value = parse(raw)
            yield from [Failed(_bad_json(raw))] if value is MISSING else read_document(value)


class SseBody:
    """Server-sent events; what is not JSON in them is text.

    `guessed` means that only the first characters say so: a body that comes to its end without any data is text.
    """

    def __init__(self, max_event_bytes: int, *, guessed: bool) -> None:
        self._max = max_event_bytes
        self._parser = SseParser()
        self._frames = Frames()
        self._is_raw = False
        self._may_be_text = guessed
        self._held: list[str] = []
        self._held_size = 0

    @property
    def format(self) -> str:
        return self._frames.format or "sse"

    @property
    def unread(self) -> str:
        return self._frames.unread or ""

    def feed(self, text: str) -> Iterator[Event]:
        if self._may_be_text:
            self._held.append(text)
            self._held_size += size(text)
        for event in self._parser.feed(text):
            if size(event.data) > self._max:
                yield Failed(too_large(self._max))
                return
            yield from self._read(event, parse(event.data))
        if max(self._parser.held, self._held_size) > self._max:
            yield Failed(too_large(self._max))

    def end(self) -> Iterator[Event]:
        for event in self._parser.flush():
            value = parse(event.data)
            if value is not MISSING or not event.data.lstrip().startswith(("{", "[", '"')) or _is_done(event.data):
                yield from self._read(event, value)
            self._learn(event)
        if self._may_be_text:
            yield Text("".join(self._held))

    def _learn(self, event: ServerSentEvent) -> None:
        """Stop doubting that these are events; a name alone may be a line of text (`event: a picnic`)."""
        if self._may_be_text and (event.data or not event.name or event.name in SILENT_EVENTS):
            self._may_be_text = False
            self._held.clear()
            self._held_size = 0

    def _read(self, event: ServerSentEvent, value: Any) -> Iterable[Event]:
        self._learn(event)
        self._is_raw = self._is_raw or (value is MISSING and bool(event.data))
        if event.name == "error":
            return [failed(error_message(value if isinstance(value, dict) else {"error": event.data}))]
        if event.name in SILENT_EVENTS:
            return []
        if _is_done(event.data):
            return [Finished()]
        read = self._frames.read_named(event.name, value if event.data else None)
        if read is not None or (value is None and not self._is_raw):
            return read or ()
        return [Text(value if isinstance(value, str) else find_text(value) or event.data)]


class JsonBody:
    """JSON values in a row, or one document; or text that happened to begin with a bracket.

    Which of these it is shows with the first value that can only be a frame, or with the second value. `strict`
    means that the agent declared JSON or a stream: then what cannot be read is an error and not text. Where it did not,
    only an object begins a stream, and `[1][2]` text.
    """

    def __init__(self, max_event_bytes: int, *, strict: bool) -> None:
        self._max = max_event_bytes
        self._strict = strict
        self._frames = Frames()
        self._scanner = JsonScanner(max_event_bytes)
        self._document: Any = MISSING
        self._raw: list[str] = []
        self._raw_size = 0
        self._streams = False
        self._is_text = False

    @property
    def format(self) -> str:
        return "text" if self._is_text else self._frames.format or "document"

    @property
    def unread(self) -> str:
        return self._frames.unread or ""

    def feed(self, text: str) -> Iterator[Event]:
        if self._is_text:
            yield Text(text)
            return
        if not self._streams:
            self._raw.append(text)
            self._raw_size += size(text)
        for value in self._scanner.feed(text):
            if value is OVERSIZED:
                yield Failed(too_large(self._max))
                return
            if self._streams:
                yield from self._read(value)
            elif value is MISSING or self._began_with_a_list():
                yield from self._not_json()
                if self._is_text:
                    return
            elif self._document is MISSING and not surely_frame(value):
                self._document = value
            else:
                self._streams = True
                self._raw.clear()
                yield from self._read(self._document)
                yield from self._read(value)
        if max(self._scanner.held, 0 if self._streams else self._raw_size) > self._max:
            yield Failed(too_large(self._max))

    def end(self) -> Iterator[Event]:
        if self._is_text:
            return
        if self._scanner.held and not self._streams and (self._document is MISSING or self._began_with_a_list()):
            yield from self._not_json()
            return
        if not self._streams:
            yield from read_document(self._document)
        if self._scanner.held:
            yield Failed(AgentError("agent_truncated", "The body ends in the middle of a JSON value."))

    def _read(self, value: Any) -> Iterator[Event]:
        if isinstance(value, dict):
            yield from self._frames.read(value)
        elif value is not MISSING and (text := find_text(value)):
            yield Text(text)

    def _began_with_a_list(self) -> bool:
        return not self._strict and isinstance(self._document, list)

    def _not_json(self) -> Iterator[Event]:
        raw = "".join(self._raw)
        if not self._strict:
            self._is_text = True
            yield Text(raw)
        elif self._document is MISSING:
            yield Failed(_bad_json(raw))


def _is_done(data: str) -> bool:
    return data.strip() == DONE


def _bad_json(raw: str) -> AgentError:
    return AgentError("agent_bad_json", f"The answer ought to be JSON but is none; it begins: {raw.strip()[:200]}")


def too_large(limit: int) -> AgentError:
    return AgentError("agent_too_large", f"One event or document of the answer is over the limit of {limit} bytes.")
