"""Whatever comes, the decoder does not raise, takes no text back unless it says so, and the cuts do not matter."""

import copy
import json
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.wire import Replace
from agents.wire.jsonseq import parse
from tests.wire.cases import CASES, a2a, agui, dify, openai, vercel
from tests.wire.cases.case import sse
from tests.wire.reading import MIB, decoder, outcome, read

TYPES = st.sampled_from(
    ["", "application/json", "text/event-stream", "text/html", "application/x-ndjson", "text/plain"]
)
FRAGMENTS = st.sampled_from(
    [
        *(b"data: ", b"data:", b"\n", b"\r\n", b"\r", b"\n\n", b"event: error\n", b": x", b"[DONE]", b"\xef\xbb\xbf"),
        *(b'{"type":"item","content":"Hi","metadata":{}}', b'{"type":"error","metadata":{}}', b'{"content":"a"}'),
        *(b'{"choices":[{"delta":{"content":"b"}}]}', b'{"choices":[]}', b'{"choices":[7]}', b'{"error":{}}', b"null"),
        *(b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"1", b"\xe2\x80\xa8", b"\xf0\x9f", b"\x98\x80", b"\x00"),
        *(b'"\\ud83d"', b'{"text":"\\ud83d"}', b'{"text":"\\ude00"}', b"<html>", b"<title>x</title>", b"Hello "),
        *(b'{"message":"Workflow was started"}', b'{"type":[]}', b'{"type":{},"metadata":1}', b'[{"output":"x"}]'),
        *(b"event: data\n", b"event: end\n\n", b"event: ping\n\n", b"event: metadata\r\n"),
    ]
)
MAY_REPLACE = {case.name for module in (a2a, agui, dify, openai, vercel) for case in module.CASES}


def frames_of(case):
    """Return the frames of a case, with what stands between them."""
    return [frame for frame in re.split(rb"(?<=\n)(?=data|event|message|\{)", case.body) if frame]


def objects_of(case):
    """Return the frames of a case that are JSON objects with anything in them."""
    found = (parse(text.decode()) for text in re.findall(rb"(?m)^(?:data: ?)?(\{.*\})\r?$", case.body))
    return [value for value in found if value and isinstance(value, dict)]


FRAMES = sorted({frame for case in CASES for frame in frames_of(case)})
OBJECTS = [value for case in CASES for value in objects_of(case)]
STEADY = sorted({frame for case in CASES if case.name not in MAY_REPLACE for frame in frames_of(case)})
PIECES = st.one_of(FRAGMENTS, st.sampled_from(FRAMES), st.binary(max_size=12))
BODIES = st.one_of(st.binary(max_size=200), st.lists(FRAGMENTS, max_size=20).map(b"".join),
                   st.lists(PIECES, max_size=12).map(b"".join))  # fmt: skip


def cut(body, cuts):
    places = sorted({0, *(place % (len(body) + 1) for place in cuts), len(body)})
    return [body[start:stop] for start, stop in pairwise(places)]


@settings(max_examples=500, deadline=None)
@given(content_type=TYPES, body=BODIES, cuts=st.lists(st.integers(0, 4000), max_size=8), clean=st.booleans())
def test_cuts_do_not_matter(content_type, body, cuts, clean):
    whole = outcome(read(content_type, body, clean=clean))
    assert outcome(read(content_type, cut(body, cuts), clean=clean)) == whole
    text, _ = whole
    assert "\0" not in text
    text.encode()


@settings(max_examples=200, deadline=None)
@given(content_type=TYPES, frames=st.lists(st.one_of(FRAGMENTS, st.sampled_from(STEADY)), max_size=12))
def test_text_only_grows(content_type, frames):
    assert not any(isinstance(event, Replace) for event in read(content_type, frames))


@settings(max_examples=150, deadline=None)
@given(content_type=TYPES, body=st.lists(FRAGMENTS, max_size=20).map(b"".join), text_bytes=st.integers(1, 30))
def test_text_keeps_to_its_limit(content_type, body, text_bytes):
    text, code = outcome(read(content_type, body, text_bytes=text_bytes))
    whole, _ = outcome(read(content_type, body))
    assert len(text.encode()) <= text_bytes
    assert whole.startswith(text)
    assert (code == "agent_too_large") == (len(whole.encode()) > text_bytes)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted({key for value in OBJECTS for key in value})), inner, max_size=4)
    ),
    max_leaves=12,
)


def places_in(value, path=()):
    """Yield the path of every value inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places_in(inner, (*path, key))


@st.composite
def odd_frames(draw):
    """Draw a frame of a case with another value somewhere in it."""
    frame = copy.deepcopy(draw(st.sampled_from(OBJECTS)))
    *path, last = draw(st.sampled_from(list(places_in(frame))))
    holder = frame
    for key in path:
        holder = holder[key]
    holder[last] = draw(JSON_VALUES)
    return frame


@settings(max_examples=250, deadline=None)
@given(values=st.lists(odd_frames() | JSON_VALUES, max_size=5), content_type=TYPES)
def test_frames_of_any_shape_do_no_harm(values, content_type):
    for line in ("%s\n", "data: %s\n\n", "event: data\ndata: %s\n\n"):
        read(content_type, "".join(line % json.dumps(value) for value in values), event_bytes=MIB)


def test_every_frame_is_an_object_of_its_format():
    assert len(OBJECTS) > 2 * len(CASES)
    assert len(STEADY) > 50


KIB = 1024
NAMELESS = "x" * 600


def endless(frame):
    """Return a stream of frames, each with a number of its own."""
    return (sse(frame(number)) for number in range(3000))


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (lambda n: agui.said("", f"{n}{NAMELESS}"), "agent_empty"),
        (lambda n: agui.said("a", f"{n}{NAMELESS}"), None),
        (lambda n: agui.event("TOOL_CALL_START", toolCallId=f"{n}{NAMELESS}", toolCallName="x"), "agent_empty"),
        (lambda n: a2a.artifact("", f"{n}{NAMELESS}"), "agent_empty"),
        (lambda n: a2a.artifact("a", f"{n}{NAMELESS}"), None),
        (lambda n: a2a.artifact(f"{n}", "one"), None),
        (lambda n: a2a.status("WORKING", NAMELESS, message=f"{n}"), "agent_empty"),
        (lambda n: openai.call(n, f"{n}{NAMELESS}", id=f"{n}{NAMELESS}"), "agent_empty"),
        (lambda n: openai.chunk({"reasoning": NAMELESS}), "agent_empty"),
        (lambda n: vercel.said("a") if n % 2 else vercel.STEP, None),
        (lambda n: dify.answer("") | {"conversation_id": f"{n}{NAMELESS}"}, "agent_empty"),
        (lambda n: openai.response("output_text.delta", item_id=f"{n}{NAMELESS}", delta="a"), None),
    ],
    ids=[
        "messages-without-text",
        "messages",
        "tools",
        "artifacts-without-text",
        "artifacts",
        "one-artifact",
        "notices",
        "calls",
        "reasoning",
        "steps",
        "conversations",
        "items",
    ],
)
def test_what_is_remembered_of_an_answer_is_little(frame, code, memory):
    pieces = list(endless(frame))
    reader = decoder(event_bytes=64 * KIB, text_bytes=64 * KIB)
    with memory() as used:
        for piece in pieces:
            reader.feed(piece)
    assert used() < 512 * KIB
    assert outcome(reader.end(True))[1] == code


@pytest.mark.parametrize(
    "frame", [lambda n: agui.said("a", "xy"[n % 2]), lambda n: a2a.artifact("a", "xy"[n % 2], append=True)]
)
def test_an_answer_made_anew_too_often_fails(frame, memory):
    reader = decoder(text_bytes=4 * KIB)
    with memory() as used:
        events = [event for piece in endless(frame) for event in reader.feed(piece)]
    assert outcome(events)[1] == "agent_too_large"
    assert sum(len(event.text.encode()) for event in events if isinstance(event, Replace)) <= 64 * 4 * KIB
    assert used() < MIB
