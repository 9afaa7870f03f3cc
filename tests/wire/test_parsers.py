"""The two parsers underneath: server-sent events and JSON values in a row."""

import pytest

from agents.wire.jsonseq import MISSING, OVERSIZED, JsonScanner
from agents.wire.sse import SseParser


def events(*pieces):
    parser = SseParser()
    return [tuple(event) for piece in pieces for event in parser.feed(piece)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: a\n\n", [("", "a")]),
        ("data:a\ndata: b\n\n", [("", "a\nb")]),
        ("data:  a\n\n", [("", " a")]),
        ("data\n\n", [("", "")]),
        ("data\ndata\n\n", [("", "\n")]),
        ("event: x\ndata: a\n\ndata: b\n\n", [("x", "a"), ("", "b")]),
        ("event: ping\n\ndata: a\n\n", [("ping", ""), ("", "a")]),
        ("id: 7\n\n: comment\n\n", []),
        ("retry: +1\nfoo: bar\nmessage:\ndata: a\n\n", [("", "a")]),
        ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", [("", "a"), ("", "b"), ("", "c")]),
        ("data: a\u2028b\x85c\n\n", [("", "a\u2028b\x85c")]),
        ("data: a\n", []),
    ],
)
def test_events_are_the_same_however_they_are_cut(text, expected):
    assert events(text) == expected
    assert events(*text) == expected
    for cut in range(len(text)):
        assert events(text[:cut], "", text[cut:]) == expected


def test_a_lone_carriage_return_does_not_wait():
    assert events("data: a\r\r") == [("", "a")]
    assert events("data: a\r\n\r", "\n") == [("", "a")]


def test_flush_gives_the_unfinished_event():
    parser = SseParser()
    parser.feed("event: x\ndata: a\ndata: b")
    assert [tuple(event) for event in parser.flush()] == [("x", "a\nb")]
    assert parser.flush() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1}{"b":[2]}', [{"a": 1}, {"b": [2]}]),
        ('\n[1]\n\n{"a":"}]\\""},\x1e[]', [[1], {"a": '}]"'}, []]),
        ('{"a":"\\\\"}[2]', [{"a": "\\"}, [2]]),
        ('["\\u007b\\n{"]', [["{\n{"]]),
        ("{bad} [1]", [MISSING, [1]]),
        ("[1] x", [[1], MISSING]),
        ('{"a":', []),
    ],
)
def test_values_are_the_same_however_they_are_cut(text, expected):
    assert JsonScanner(100).feed(text) == expected
    for cut in range(len(text)):
        scanner = JsonScanner(100)
        assert scanner.feed(text[:cut]) + scanner.feed(text[cut:]) == expected
    scanner = JsonScanner(100)
    assert [value for piece in text for value in scanner.feed(piece)] == expected


def test_a_value_over_the_limit_is_told_however_it_is_cut():
    text = '{"a":1}["' + "é" * 50 + '"][2]'
    assert JsonScanner(100).feed(text) == [{"a": 1}, OVERSIZED, [2]]
    for cut in range(len(text)):
        scanner = JsonScanner(100)
        assert scanner.feed(text[:cut]) + scanner.feed(text[cut:]) == [{"a": 1}, OVERSIZED, [2]]
    assert JsonScanner(104).feed(text) == [{"a": 1}, ["é" * 50], [2]]
