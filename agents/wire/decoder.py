"""The whole way from the bytes of an answer to its events."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from agents.exceptions import AgentError
from agents.wire.bodies import Body, body_of, too_large
from agents.wire.events import Conversation, Event, Failed, Finished, Notice, Pending, Replace, Text
from agents.wire.sniff import essence, is_unsupported, sniff
from agents.wire.text import Cleaner, Utf8, cut, size

# How many times the limit of text an agent may send anew, which costs more than to go on.
REWRITTEN: Final = 64
EMPTY: Final = (
    "The agent answered without any text. With n8n: streaming is on in the trigger but off in the agent,"
    " or the workflow failed before its Respond node."
)


class Decoder:
    """Turn the bytes of one answer into events; it never raises.

    The last event is `Finished` or `Failed`, and `finished` is true from then on: stop reading. All text before a
    `Failed` stands. Pieces of text are joined within a feed. `pending` is an error which the agent may still
    recover from: it fails the answer if the body ends, and the caller should not wait for long in silence.
    """

    def __init__(self, content_type: str, *, max_event_bytes: int, max_text_bytes: int) -> None:
        self.finished = False
        self.pending: AgentError | None = None
        self._media_type = essence(content_type)
        self._max_event = max_event_bytes
        self._max_text = max_text_bytes
        self._utf8 = Utf8()
        self._cleaner = Cleaner()
        self._blank: list[str] = []
        self._blank_size = 0
        self._head = ""
        self._body: Body | None = None
        self._text_size = 0
        self._has_text = False
        self._is_named = False
        self._rewritten = 0

    @property
    def format(self) -> str:
        """What the answer was recognised as, "" before its first characters."""
        return self._body.format if self._body else ""

    def feed(self, data: bytes) -> list[Event]:
        if self.finished:
            return []
        return self._settle(self._read(self._utf8.decode(data)))

    def end(self, clean: bool) -> list[Event]:
        """Return what is left when the body has ended; `clean` is false if it was cut short."""
        if not clean:
            return self.abort(self.pending or _truncated())
        return [] if self.finished else self._settle([*self._rest(), Finished()])

    def abort(self, error: AgentError) -> list[Event]:
        """Return what is left when reading was given up, and the reason, whatever the rest would look like."""
        if self.finished:
            return []
        return self._settle([*(event for event in self._rest() if not isinstance(event, Failed)), Failed(error)])

    def _read(self, text: str, *, final: bool = False) -> Iterable[Event]:
        if is_unsupported(self._media_type):
            kind = f"The agent answers with {self._media_type}, which is not text."
            return [Failed(AgentError("agent_unsupported_type", kind))]
        if self._body:
            return self._body.feed(text)
        self._head += text if self._head else self._without_blank(text)
        if self._blank_size > self._max_event:
            return [Failed(too_large(self._max_event))]
        shape = sniff(self._head, self._media_type, final=final)
        if shape is None:
            return []
        self._body = body_of(shape, self._media_type, self._max_event)
        text = "".join([*self._blank, self._head])
        self._blank, self._head = [], ""
        return self._body.feed(text)

    def _without_blank(self, text: str) -> str:
        """Put aside the white space before the first character: it says nothing, but plain text keeps it."""
        head = text.lstrip()
        blank = text[: len(text) - len(head)]
        self._blank.append(blank)
        self._blank_size += size(blank)
        return head

    def _rest(self) -> Iterable[Event]:
        yield from self._read(self._utf8.decode(b"", final=True), final=True)
        if self._body:
            yield from self._body.end()

    def _settle(self, events: Iterable[Event]) -> list[Event]:
        """Make text storable, keep to the limits, and see to it that nothing follows the end."""
        settled: list[Event] = []
        for event in self._joined(events):
            match event:
                case Text():
                    self.pending = None
                    settled += self._add(self._cleaner.clean(event.text))
                case Replace():
                    settled += self._replace(event.text)
                case Pending():
                    self.pending = event.error
                case Finished() | Failed():
                    settled += self._conclude(event)
                case Conversation() if self._is_named:
                    continue
                case _:
                    self._is_named = self._is_named or isinstance(event, Conversation)
                    settled.append(event)
            if self.finished:
                break
        return settled

    def _joined(self, events: Iterable[Event]) -> Iterator[Event]:
        """Join pieces of text, and of reasoning, that come in a row; leave out what the same feed takes back."""
        run: list[Event] = []
        for event in events:
            if run and not _goes_on(run[-1], event):
                yield _join(run)
                run = []
            if isinstance(event, Replace):
                run = []
                self._rewritten += len(event.text)
                if self._rewritten > REWRITTEN * self._max_text:
                    yield Failed(AgentError("agent_too_large", "The agent takes back what it said again and again."))
                    return
            run.append(event)
        if run:
            yield _join(run)

    def _add(self, text: str) -> list[Event]:
        """Return clean text as the next piece, or as much of it as the limit allows and the failure."""
        if not text:
            return []
        room = self._max_text - self._text_size
        self._text_size += size(text)
        self._has_text = self._has_text or not text.isspace()
        if self._text_size <= self._max_text:
            return [Text(text)]
        self.finished = True
        beginning: list[Event] = [Text(kept)] if (kept := cut(text, room)) else []
        return [*beginning, Failed(AgentError("agent_too_large", f"The answer is over {self._max_text} bytes."))]

    def _replace(self, text: str) -> list[Event]:
        self._cleaner = Cleaner()
        self._text_size = 0
        self._has_text = False
        added = self._add(self._cleaner.clean(text)) or [Text("")]
        return [Replace(event.text) if isinstance(event, Text) else event for event in added]

    def _conclude(self, event: Finished | Failed) -> list[Event]:
        rest: list[Event] = []
        if isinstance(event, Finished) and self._body and not (self._has_text or self.pending):
            rest = self._add(self._cleaner.clean(self._body.unread))
        if not self.finished:
            rest += self._add(self._cleaner.flush())
        if self.finished:
            return rest
        self.finished = True
        if isinstance(event, Finished):
            if self.pending:
                event = Failed(self.pending)
            elif not self._has_text:
                event = Failed(AgentError("agent_empty", EMPTY))
        return [*rest, event]


def _goes_on(last: Event, event: Event) -> bool:
    match last, event:
        case (Text(), Text()) | (Text() | Replace(), Replace()):
            return True
        case (Notice(kind="reasoning", key=key, done=False), Notice(kind="reasoning")):
            return key == event.key
    return False


def _join(run: list[Event]) -> Event:
    last = run[-1]
    if len(run) == 1 or not isinstance(last, Text | Notice):
        return last
    return replace(last, text="".join(event.text for event in run if isinstance(event, Text | Notice)))


def _truncated() -> AgentError:
    return AgentError("agent_truncated", "The connection was cut before the answer was complete.")
