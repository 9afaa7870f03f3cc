"""Read a body with the decoder, whole or in pieces."""

from collections.abc import Iterable

from agents.wire import Decoder, Event, Failed, Finished, Replace, Text

MIB = 1024 * 1024
SSE = "text/event-stream"
JSON = "application/json; charset=utf-8"


def decoder(content_type: str = SSE, *, event_bytes: int = MIB, text_bytes: int = MIB) -> Decoder:
    return Decoder(content_type, max_event_bytes=event_bytes, max_text_bytes=text_bytes)


def read(
    content_type: str,
    pieces: bytes | str | Iterable[bytes],
    *,
    clean: bool = True,
    event_bytes: int = MIB,
    text_bytes: int = MIB,
) -> list[Event]:
    """Return the events of a body, checking what holds for every one: one end, and nothing after it."""
    reader = decoder(content_type, event_bytes=event_bytes, text_bytes=text_bytes)
    if isinstance(pieces, str):
        pieces = pieces.encode()
    pieces = [pieces] if isinstance(pieces, bytes) else pieces
    events = [event for piece in pieces for event in reader.feed(piece)]
    events += reader.end(clean)
    assert reader.finished
    assert isinstance(events[-1], Finished | Failed)
    assert not any(isinstance(event, Finished | Failed) for event in events[:-1])
    assert reader.feed(b"more") == reader.end(True) == []
    return events


def text_of(events: list[Event]) -> str:
    text = ""
    for event in events:
        if isinstance(event, Text | Replace):
            text = event.text if isinstance(event, Replace) else text + event.text
    return text


def outcome(events: list[Event]) -> tuple[str, str | None]:
    """Return the text, and the code of the error if there was one."""
    last = events[-1]
    return text_of(events), last.error.code if isinstance(last, Failed) else None


def bytewise(body: bytes) -> Iterable[bytes]:
    return (body[at : at + 1] for at in range(len(body)))
