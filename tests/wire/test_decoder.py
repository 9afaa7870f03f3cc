"""The formats one by one: what is text, what is an error, where an answer ends."""

import json
import time
import tracemalloc

import pytest

from agents.wire import Failed, Finished, Notice, Replace, Text, Usage
from agents.wire.events import Pending
from tests.wire.cases.case import NDJSON
from tests.wire.reading import JSON, MIB, SSE, bytewise, decoder, outcome, read, text_of


def n8n(kind, content=None):
    line = {"type": kind, "metadata": {"nodeId": "a", "nodeName": "AI Agent", "itemIndex": 0, "runIndex": 0}}
    return json.dumps(line | ({} if content is None else {"content": content})) + "\n"


def chunk(**fields):
    return f"data: {json.dumps({'object': 'chat.completion.chunk', **fields})}\n\n"


def delta(**fields):
    return chunk(choices=[{"index": 0, "delta": fields, "finish_reason": None}])


@pytest.mark.parametrize(
    ("content_type", "body", "text", "code"),
    [
        # the two shapes of the contract
        (SSE, 'data: {"content": "Hi"}\n\ndata: {"content": " you"}\n\ndata: [DONE]\n\n', "Hi you", None),
        (JSON, '{"content": "Hi"}', "Hi", None),
        # nothing
        (JSON, "", "", "agent_empty"),
        (JSON, "{}", "", "agent_empty"),
        (JSON, "[]", "", "agent_empty"),
        (JSON, "null", "", "agent_empty"),
        (JSON, '{"content": ""}', "", "agent_empty"),
        (JSON, '{"content": null}', "", "agent_empty"),
        (JSON, '{"content": " \\n"}', " \n", "agent_empty"),
        (SSE, "data: [DONE]\n\n", "", "agent_empty"),
        (SSE, ": only a comment\n\n", "", "agent_empty"),
        ("text/plain", " \n ", " \n ", "agent_empty"),
        # JSON that is none
        (JSON, '{"content": "Hi', "", "agent_bad_json"),
        (JSON, "{broken}", "", "agent_bad_json"),
        (JSON, "not JSON at all", "", "agent_bad_json"),
        ("application/problem+json", "[1, 2", "", "agent_bad_json"),
        (JSON, "[" * 5000 + "]" * 5000, "", "agent_bad_json"),
        (JSON, '{"content": "Hi"}{"content": " yo', "Hi", "agent_truncated"),
        # text that begins like JSON
        ("text/plain", "{broken} but readable", "{broken} but readable", None),
        ("text/plain", "[1] says so.", "[1] says so.", None),
        ("text/html", "[ ] buy milk", "[ ] buy milk", None),
        ("text/plain", "[a link](https://example.org) {", "[a link](https://example.org) {", None),
        ("", "{ never closed", "{ never closed", None),
        ("text/plain", "  Hello <b>you</b>", "  Hello <b>you</b>", None),
        ("text/plain", "[1][2] The policy says so.", "[1][2] The policy says so.", None),
        ("text/plain", '[1] {"see"', '[1] {"see"', None),
        ("application/jsonl", '[{"text": "a"}]\n[{"text": "b"}]\n', "ab", None),
        # lines of a stream that is none
        (NDJSON, '{"model": "secret', "", "agent_bad_json"),
        (SSE, '{"model": "secret', "", "agent_bad_json"),
        # text that begins like server-sent events
        ("text/plain", "Event: Picnic\nWhere: the park", "Event: Picnic\nWhere: the park", None),
        ("text/html", "Data: 42 rows\n\nID: 17", "Data: 42 rows\n\nID: 17", None),
        ("text/plain", "event: a picnic\nwhere: the park\n\nCome!", "event: a picnic\nwhere: the park\n\nCome!", None),
        ("", "id: 17 is the ticket", "id: 17 is the ticket", None),
        ("text/plain", ":) Hello", ":) Hello", None),
        ("text/plain", ":) Hello\n:( Bye\n", ":) Hello\n:( Bye\n", None),
        ("text/plain", ":\n\n: ping\r\n\r\ndata: Hi\n\n", "Hi", None),
        ("text/plain", ": ping\n" * 200 + "data: Hi\n\n", ": ping\n" * 200 + "data: Hi\n\n", None),
        ("text/plain", "event: ping\n\n", "", "agent_empty"),
        ("text/plain", 'data: {"type": "RUN_STARTED"}\n\n', "", "agent_empty"),
        # pages
        ("text/html", "<!DOCTYPE html><title>Sign in</title>", "", "agent_html"),
        (JSON, "\n<HTML><body>Bad gateway</body></HTML>", "", "agent_html"),
        # documents
        (JSON, '"just a string"', "just a string", None),
        (JSON, "42", "```json\n42\n```", None),
        (JSON, '[{"output": "a"}, {"text": "b"}]', "a\n\nb", None),
        (JSON, '{"result": {"data": {"answer": "deep"}}}', "deep", None),
        (JSON, '{"choices": [{"message": {"role": "assistant", "content": "Hi"}}]}', "Hi", None),
        (JSON, '{"output": 42}', "42", None),
        (JSON, '{"temperature": 21}', '```json\n{\n  "temperature": 21\n}\n```', None),
        (JSON, '{"error": "out of order"}', "", "agent_failed"),
        (JSON, '{"error": {"message": "no"}, "code": 5}', "", "agent_failed"),
        (JSON, '{"output": "Hi", "error": null}', "Hi", None),
        (JSON, '{"message": "Webhook call received"}', "", "agent_respond_immediately"),
        (JSON, '{"executionStarted": true, "executionId": "7"}', "", "agent_respond_immediately"),
        (JSON, '{"message": "Workflow executed successfully but no data was returned"}', "", "agent_empty"),
        (JSON, '{"content": "a\\u0000b\\ud800c"}', "a\ufffdb\ufffdc", None),
        # JSON values in a row, whatever stands between them
        (JSON, '{"content": "a"}{"content": "b"}', "ab", None),
        (SSE, '{"content": "a"}\n\n{"content": "b"}\n\n', "ab", None),
        (JSON, '\x1e{"text": "a"}\n\x1e{"text": "b"}\n', "ab", None),
        (JSON, n8n("begin") + '{"type":"keepalive"}\n' + n8n("item", "Hi") + n8n("end"), "Hi", None),
        (JSON, '{"type":"keepalive"}\n', "", "agent_empty"),
        # a Respond to Webhook node inside a stream
        (JSON, n8n("item", '{"output": "Hi"}'), "Hi", None),
        (JSON, n8n("item", "[1]") + n8n("item", "{}"), "[1]{}", None),
        # an error that the run got over, and one that it did not
        (JSON, n8n("item", "a") + n8n("error", "oh") + n8n("item", "b"), "ab", None),
        (JSON, n8n("item", "a") + n8n("error") + n8n("end"), "a", "agent_failed"),
        # server-sent text
        (SSE, "data: Hello\n\ndata:  you\n\n", "Hello you", None),
        (SSE, 'data: "Hi"\n\ndata: 42\n\ndata: true\n\ndata: null\n\n', "Hi42true", None),
        (SSE, "data: It is \n\ndata: null\n\ndata: !\n\n", "It is null!", None),
        (SSE, "event: ping\ndata: 12:00\n\ndata: Hi\n\n", "Hi", None),
        (SSE, "event: error\ndata: out of order\n\n", "", "agent_failed"),
        (SSE, 'data: Hi\n\nevent: error\ndata: {"message": "no"}\n\n', "Hi", "agent_failed"),
        (SSE, 'data: {"content": "Hi"}', "Hi", None),
        (SSE, 'data: {"content": "Hi"}\n\ndata: {"content": "yo', "Hi", None),
        ("Text/Event-Stream", "data: Hi\n\n", "Hi", None),
        (JSON, 'event: x\r\ndata: {"content": "Hi"}\r\n\r\n', "Hi", None),
        # not text at all
        ("image/png", "\x89PNG", "", "agent_unsupported_type"),
        ("application/pdf", "", "", "agent_unsupported_type"),
    ],
)
def test_an_answer_is_read_whole_and_byte_by_byte(content_type, body, text, code):
    assert outcome(read(content_type, body)) == (text, code)
    assert outcome(read(content_type, bytewise(body.encode()))) == (text, code)


def test_openai_stream():
    body = (
        ": OPENROUTER PROCESSING\n\n"
        + delta(role="assistant", content="")
        + delta(content=None, reasoning_content="Hm.")
        + delta(content="Hi")
        + delta(content=" you", tool_calls=None)
        + chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
        + chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 7, "total_tokens": 10})
        + "data: [DONE]\n\ndata: nobody reads this\n\n"
    )
    events = read(SSE, body)
    assert events == [Notice("reasoning", text="Hm."), Text("Hi you"), Usage(3, 7), Finished()]


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"message": "no more", "type": "server_error", "code": 500}},
        {"object": "error", "message": "no more", "code": 400},
        {"type": "RUN_ERROR", "message": "no more", "code": "X"},
        {"error": {"message": "no more"}, "choices": [{"delta": {"content": ""}, "finish_reason": "error"}]},
    ],
)
def test_openai_errors_come_under_status_200(error):
    events = read(SSE, f"{delta(content='Hi')}data: {json.dumps(error)}\n\n")
    assert outcome(events) == ("Hi", "agent_failed")
    assert "no more" in events[-1].error.diagnosis


def test_openai_answer_in_one_piece():
    body = {"choices": [{"message": {"content": "Hi"}}], "usage": {"prompt_tokens": 1, "completion_tokens": -2}}
    assert read(JSON, json.dumps(body)) == [Text("Hi"), Usage(1, None), Finished()]


def test_text_and_failure_in_one_feed_keep_the_text():
    reader = decoder(JSON)
    assert reader.feed((n8n("item", "Hel") + n8n("item", "lo")).encode()) == [Text("Hello")]
    broken = reader.feed(b'{"type":"item","content":"!","metadata":{}}{"error":"gone"}')
    assert broken[0] == Text("!")
    assert isinstance(broken[1], Failed)


def test_a_pending_error_is_shown_and_taken_back():
    reader = decoder(JSON)
    assert reader.feed((n8n("item", "a") + n8n("error", "oh")).encode()) == [Text("a")]
    assert reader.pending is not None
    assert "oh" in reader.pending.diagnosis
    reader.feed(n8n("item", "b").encode())
    assert reader.pending is None
    assert reader.end(True) == [Finished()]


def test_a_known_frame_is_shown_before_the_second_one_comes():
    assert decoder(JSON).feed(n8n("item", "Hi").encode()) == [Text("Hi")]


def test_plain_text_is_shown_as_it_comes():
    reader = decoder("text/html")
    assert reader.feed(b"He") == [Text("He")]
    assert reader.feed("y \u00e9".encode()[:-1]) == [Text("y ")]
    assert reader.feed("\u00e9".encode()[-1:]) == [Text("\u00e9")]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (SSE, 'data: {"content": "Hi"}\n\ndata: {"conte'),
        (JSON, n8n("item", "Hi") + '{"type":"it'),
        (JSON, '{"content": "Hi"}'),
        ("text/plain", "Hi"),
    ],
)
def test_a_cut_body_keeps_its_text(content_type, body):
    assert outcome(read(content_type, body, clean=False)) == ("Hi", "agent_truncated")


def test_a_cut_document_is_cut_and_not_unreadable():
    assert outcome(read(JSON, '{"content": "Hi', clean=False)) == ("", "agent_truncated")
    assert outcome(read("text/plain", '{"content": "Hi', clean=False)) == ('{"content": "Hi', "agent_truncated")


@pytest.mark.parametrize("content_type", [NDJSON, SSE, JSON])
@pytest.mark.parametrize("beginning", ["{", '{"mod', '{"model":"secret","cre'])
def test_a_cut_first_frame_is_not_shown(content_type, beginning):
    assert outcome(read(content_type, beginning, clean=False)) == ("", "agent_truncated")


def test_text_that_begins_like_a_comment_is_shown_from_its_second_line():
    reader = decoder("text/plain")
    assert reader.feed(b":) Hello") == []
    assert reader.feed(b"\nyou") == [Text(":) Hello\nyou")]
    assert reader.feed(b"!") == [Text("!")]
    assert decoder("text/plain").feed(b":" + b")" * 2000) == [Text(":" + ")" * 2000)]


def test_a_cut_is_no_matter_after_the_end():
    assert outcome(read(SSE, "data: Hi\n\ndata: [DONE]\n\n", clean=False)) == ("Hi", None)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e"])
def test_only_cr_and_lf_end_a_line(separator):
    for body in (n8n("item", "XX"), 'data: {"content": "XX"}\n\n', "data: XX\n\n"):
        content_type = JSON if body.startswith("{") else SSE
        raw = body.replace("XX", f"a{separator}b")
        if separator >= "\x80" or raw.startswith("data: a"):
            assert text_of(read(content_type, raw)) == f"a{separator}b"


def test_half_a_character_waits_for_its_other_half():
    body = (
        n8n("item", "a")
        + '{"type":"item","metadata":{},"content":"\\ud83d"}{"type":"item","metadata":{},"content":"\\ude00"}'
    )
    assert text_of(read(JSON, bytewise(body.encode()))) == "a😀"
    alone = '{"type":"item","metadata":{},"content":"\\ud83d"}'
    assert text_of(read(JSON, alone)) == "\ufffd"
    assert text_of(read(JSON, n8n("item", "x").replace('"x"', '"\\udc00\\ud800x"'))) == "\ufffd\ufffdx"


def test_bom_and_charset():
    assert text_of(read("text/event-stream; charset=iso-8859-1", b"\xef\xbb\xbfdata: \xc3\xa9\n\n")) == "é"
    assert text_of(read("text/plain", b"\xef\xbb\xbf\xef\xbb\xbfa\xff")) == "\ufeffa\ufffd"


@pytest.mark.parametrize(
    ("content_type", "piece"),
    [(SSE, b"data: abcdefgh\n\n"), ("text/plain", b"abcdefgh"), (JSON, n8n("item", "abcdefgh").encode())],
)
def test_text_over_the_limit_keeps_its_beginning(content_type, piece):
    assert outcome(read(content_type, [piece] * 9, text_bytes=20)) == ("abcdefgh" * 2 + "abcd", "agent_too_large")


def test_the_limit_cuts_between_characters():
    assert outcome(read("text/plain", "ééé", text_bytes=5)) == ("éé", "agent_too_large")
    assert outcome(read("text/plain", "ab", text_bytes=2)) == ("ab", None)


@pytest.mark.parametrize(
    ("content_type", "start"),
    [(SSE, b"data: "), (SSE, b": "), (JSON, b'{"content": "'), (JSON, b'"'), (JSON, b"[" * 99), ("text/plain", b"{")],
)
def test_an_event_over_the_limit_fails(content_type, start):
    body = [start, *[b"x" * 100] * 50]
    assert outcome(read(content_type, body, event_bytes=1000)) == ("", "agent_too_large")


@pytest.mark.parametrize(
    ("content_type", "piece"),
    [
        (SSE, "data: %s\n\n"),
        (JSON, '{"content": "%s"}\n'),
        (JSON, '{"type": "item", "metadata": {}, "content": "%s"}\n'),
    ],
)
def test_an_event_over_the_limit_fails_also_when_it_comes_at_once(content_type, piece):
    body = "".join(piece % text for text in ("a", "b", "x" * 2000, "c"))
    assert outcome(read(content_type, body, event_bytes=1000)) == ("ab", "agent_too_large")
    assert outcome(read(content_type, bytewise(body.encode()), event_bytes=1000)) == ("ab", "agent_too_large")
    short = "".join(piece % ("é" * 3) for _ in range(100))
    assert outcome(read(content_type, short, event_bytes=1000)) == ("é" * 300, None)


def test_a_limit_counts_bytes():
    for content_type, body in ((SSE, "data: %s\n\n"), (JSON, '{"content": "%s"}{}')):
        assert outcome(read(content_type, body % ("é" * 600), event_bytes=1000)) == ("", "agent_too_large")


@pytest.mark.parametrize("content_type", [SSE, JSON, "text/plain", ""])
def test_white_space_is_not_kept_for_ever(content_type):
    assert outcome(read(content_type, [b" \n"] * 600, event_bytes=1000)) == ("", "agent_too_large")


def test_white_space_before_the_text_is_read_once():
    started = time.monotonic()
    body = [*[b" "] * 200_000, b"Hi"]
    assert outcome(read("text/plain", body)) == (" " * 200_000 + "Hi", None)
    assert time.monotonic() - started < 3


def test_a_page_that_repeats_itself_is_read_once():
    started = time.monotonic()
    for page in ("<title" * 40_000, "<title>" * 40_000, "</title" * 40_000):
        assert outcome(read("text/html", "<html>" + page)) == ("", "agent_html")
    assert time.monotonic() - started < 1


def test_a_page_is_known_by_its_title():
    page = '<!doctype html><TITLE lang="en">\n Sign  in </TITLE><p>'
    for pieces in (page.encode(), bytewise(page.encode())):
        reader = decoder("text/html")
        [failed] = [
            event for piece in ([pieces] if isinstance(pieces, bytes) else pieces) for event in reader.feed(piece)
        ]
        assert "“Sign in”" in failed.error.diagnosis
    assert "without a title" in read("text/html", "<html><title>Sign")[-1].error.diagnosis


def test_a_deep_document_is_not_blown_up():
    body = "[" * 300 + ",".join("1" * 100_000) + "]" * 300
    tracemalloc.start()
    try:
        text, code = outcome(read(JSON, body, text_bytes=1000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(text), code) == (1000, "agent_too_large")
    assert peak < 16 * MIB


@pytest.mark.parametrize("depth", [300, 600, 1200, 5000, 20_000])
def test_no_depth_is_too_much(depth):
    _, code = outcome(read(JSON, '[{"a":' * depth + "1" + "}]" * depth))
    assert code in (None, "agent_bad_json")
    _, code = outcome(read(JSON, "[" * depth + "]" * depth))
    assert code in ("agent_empty", "agent_bad_json")


def test_many_small_lines_make_one_event_too_large():
    assert outcome(read(SSE, [b"data: x\n"] * 600, event_bytes=1000)) == ("", "agent_too_large")


def test_format_is_named():
    for body, name in [('{"content":"a"}', "document"), (n8n("item", "a"), "n8n"), (delta(content="a"), "openai")]:
        reader = decoder("application/json")
        reader.feed(body.encode())
        assert reader.format == name


def test_diagnosis_can_be_stored():
    events = read(JSON, '{"error": "a\\u0000b\\ud800"}')
    assert events[-1].error.diagnosis.endswith("a b?")


def test_replacing_takes_all_back():
    reader = decoder(JSON)
    assert reader._settle([Text("long text"), Replace("new"), Pending(None), Text("!")]) == [
        Replace("new"),
        Text("!"),
    ]
    assert reader._settle([Replace("")]) == [Replace("")]
