"""What a client is shown of a growing text, and when: stop sequences, replaced text, silence."""

import json
from contextlib import aclosing
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as some

from agents.models import RunStatus
from agents.relay.transcript import Cursor, Ending, Piece
from chats.completions import reading
from chats.completions.chat import ChatCompletion
from chats.completions.errors import TakenBack
from chats.completions.growing import Shown
from chats.completions.reading import Answer, AnswerFailed
from tenants.late import LateResponse

RUN = uuid4()
DONE = Ending(RunStatus.COMPLETE)
LETTERS = some.text("abc", max_size=30)


def piece(text, *, replaces=False):
    return Piece(text, replaces, Cursor(RUN))


def expected(text, stops):
    """Cut a whole text where the first stop sequence is complete."""
    met = [(text.find(stop) + len(stop), text.find(stop)) for stop in stops if stop in text]
    return text[: min(met)[1]] if met else text


@given(pieces=some.lists(LETTERS, max_size=8), stops=some.lists(some.text("abc", min_size=1, max_size=4), max_size=4))
def test_a_stop_sequence_cuts_the_same_place_however_the_text_comes(pieces, stops):
    shown = Shown(stops, may_change=False)
    told = ""
    for text in pieces:
        told += shown.take(piece(text))
        assert not any(stop in told for stop in stops)
        if shown.met_stop:
            break
    else:
        told += shown.rest()
    assert told == shown.text == expected("".join(pieces), stops)


@given(before=LETTERS, after=some.lists(LETTERS, min_size=1, max_size=4), may_change=some.booleans())
def test_a_replaced_text_is_shown_once_or_not_at_all(before, after, may_change):
    shown = Shown((), may_change=may_change)
    whole = "".join(after)
    told = shown.take(piece(before))
    try:
        told += shown.take(piece(after[0], replaces=True)) + "".join(shown.take(piece(text)) for text in after[1:])
        told += shown.rest()
    except TakenBack:
        assert not may_change
        assert not whole.startswith(before)
    else:
        assert shown.text == whole
        assert may_change or told == whole


class Script:
    """A question whose answer is written down."""

    def __init__(self, *parts, source=None):
        self.parts, self.source, self.chat_id, self.silences = parts, source, None, []
        self.run = SimpleNamespace(id=RUN, team_id=uuid4(), owner="here", started_at=timezone.now())
        self.agent = SimpleNamespace(id=uuid4())

    async def listen(self, silence):
        for part in self.parts:
            yield part


@pytest.fixture
def stopped(monkeypatch):
    """The runs that were stopped."""
    stops = []

    async def stop(run_id, owner):
        stops.append(run_id)

    async def nothing(*args, **conditions):
        return None

    monkeypatch.setattr(reading, "relay", lambda: SimpleNamespace(stop=stop))
    monkeypatch.setattr(reading, "in_team", nothing)
    monkeypatch.setattr(reading, "KEEP_ALIVE_SECONDS", 0)
    return stops


async def read(*parts, is_stream=True, stops=(), source=None):
    """Read an answer to its end; return the JSON events of a stream, a text for other lines, or the document."""
    asked = Script(*parts, source=source)
    response = LateResponse(
        Answer(asked, ChatCompletion(asked, model="m", include_usage=False), stops, is_stream=is_stream).decide
    )
    await response.settle()
    body = b"".join([chunk async for chunk in response]).decode()
    if not is_stream:
        return json.loads(body)
    lines = [line.removeprefix("data: ") for line in body.split("\n\n") if line]
    return [json.loads(line) if line.startswith("{") else line for line in lines]


def text_of(events):
    return "".join(event["choices"][0]["delta"].get("content", "") for event in events if "choices" in event)


async def test_silence_opens_the_stream_and_keeps_it_open(stopped):
    events = await read(None, None, piece("at last"), DONE)
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert events[1] == ": keep-alive"
    assert (text_of(events[2:]), events[-1], stopped) == ("at last", "[DONE]", [])


async def test_a_text_that_grew_by_being_replaced_goes_on(stopped):
    events = await read(piece("One"), piece("One, two", replaces=True), DONE)
    assert (text_of(events), events[-1]) == ("One, two", "[DONE]")


@pytest.mark.parametrize("again", ["Other", "On", ""])
async def test_a_text_that_was_taken_back_is_an_error_of_the_stream_alone(stopped, again):
    parts = (piece("One"), piece(again, replaces=True), DONE)
    events = await read(*parts)
    assert (text_of(events), events[-1]["error"]["code"]) == ("One", "answer_taken_back")
    whole = await read(*parts, is_stream=False)
    assert whole["choices"][0]["message"]["content"] == again


@pytest.mark.parametrize("source", [None, "a chat"])
@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_stop_sequence_stops_the_run_of_a_chat_too(stopped, is_stream, source):
    answer = await read(piece("One S"), piece("TOP two"), DONE, stops=["STOP"], is_stream=is_stream, source=source)
    text = text_of(answer) if is_stream else answer["choices"][0]["message"]["content"]
    assert (text, stopped) == ("One ", [RUN])


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_failure_before_any_text_is_an_error_of_the_call(stopped, is_stream):
    with pytest.raises(AnswerFailed) as failed:
        await read(Ending(RunStatus.FAILED, "AGENT_TIMEOUT", "The agent took too long."), is_stream=is_stream)
    assert (failed.value.status, failed.value.headers) == (504, {"x-should-retry": "false"})
    assert stopped == []


async def test_a_reader_that_leaves_stops_what_nobody_keeps(stopped):
    for source, stops in ((None, [RUN]), ("a chat", [])):
        asked = Script(piece("some"), piece("more"), DONE, source=source)
        response = LateResponse(
            Answer(asked, ChatCompletion(asked, model="m", include_usage=False), (), is_stream=True).decide
        )
        await response.settle()
        async with aclosing(aiter(response)) as chunks:
            await anext(chunks)
        assert stopped == stops
        stopped.clear()
