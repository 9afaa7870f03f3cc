"""Whatever comes, the decoder neither raises nor takes text back, and the cuts do not matter."""

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.reading import MIB, outcome, read

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
    ]
)
BODIES = st.one_of(st.binary(max_size=200), st.lists(FRAGMENTS, max_size=20).map(b"".join))


@settings(max_examples=400, deadline=None)
@given(content_type=TYPES, body=BODIES, cuts=st.lists(st.integers(0, 400), max_size=8), clean=st.booleans())
def test_cuts_do_not_matter(content_type, body, cuts, clean):
    places = sorted({0, *(cut for cut in cuts if cut < len(body)), len(body)})
    pieces = [body[start:stop] for start, stop in pairwise(places)]
    whole = outcome(read(content_type, body, clean=clean))
    assert outcome(read(content_type, pieces, clean=clean)) == whole
    text, _ = whole
    assert "\0" not in text
    text.encode()


@settings(max_examples=150, deadline=None)
@given(content_type=TYPES, body=BODIES, text_bytes=st.integers(1, 30))
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
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "content",
                    "choices",
                    "delta",
                    "error",
                    "event",
                    "message",
                    "metadata",
                    "object",
                    "usage",
                    "data",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(values=st.lists(JSON_VALUES, max_size=4), content_type=TYPES)
def test_frames_of_any_shape_do_no_harm(values, content_type):
    for line in ("%s\n", "data: %s\n\n"):
        read(content_type, "".join(line % json.dumps(value) for value in values), event_bytes=MIB)
