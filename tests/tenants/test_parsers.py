"""What the JSON parser takes and refuses."""

import io
from typing import Any

import pytest
from rest_framework.exceptions import ParseError

from tenants.api.parsers import StrictJSONParser, UploadJSONParser, loads
from tenants.exceptions import TooLarge

TAKEN = [
    (b"{}", {}),
    (b'  {"a": [1, 2.5, null, true, "\xc3\xa4\xf0\x9f\x98\x80"]}\n', {"a": [1, 2.5, None, True, "ä😀"]}),
    (b'"\\ud83d\\ude00"', "😀"),
    (b'"line\\u2028separator"', "line\u2028separator"),
    (b"1e308", 1e308),
    (b"0", 0),
]
REFUSED = {
    "nothing": b"",
    "no JSON": b"{",
    "two documents": b"{} {}",
    "not UTF-8": b'"\xff"',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "NaN": b'{"a": NaN}',
    "Infinity": b"[-Infinity]",
    "an infinite number": b"1e999",
    "a number of too many digits": b'{"a": -1%s}' % (b"7" * 5000),
    "NUL in a text": b'{"a": ["x\\u0000"]}',
    "NUL in a key": b'{"\\u0000": 1}',
    "raw control character": b'"\x01"',
    "half a pair": b'{"a": {"b": "\\ud800"}}',
    "half a pair in a key": b'{"\\udc00": 1}',
    "too deep": b"[" * 65 + b"]" * 65,
    "far too deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 65 + b"1" + b"}" * 65,
}


@pytest.mark.parametrize(("body", "value"), TAKEN)
def test_it_reads(body: bytes, value: Any) -> None:
    assert loads(body) == value


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_with_a_sentence(name: str) -> None:
    with pytest.raises(ParseError) as refusal:
        loads(REFUSED[name])
    sentence = str(refusal.value.detail)
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    assert "sys." not in sentence
    assert len(sentence) < 200


def test_the_depth_that_is_allowed_is_read() -> None:
    assert loads(b"[" * 64 + b"]" * 64)


def test_a_body_over_the_limit_is_too_large(settings: Any) -> None:
    settings.MAX_BODY_BYTES = 10
    assert StrictJSONParser().parse(io.BytesIO(b'"12345678"')) == "12345678"
    with pytest.raises(TooLarge):
        StrictJSONParser().parse(io.BytesIO(b'"123456789"'))


def test_a_body_with_files_may_be_larger_but_not_of_many_values(settings: Any) -> None:
    settings.MAX_BODY_BYTES, settings.MAX_UPLOAD_BYTES = 20, 100
    assert UploadJSONParser().parse(io.BytesIO(b'"%s"' % (b"x" * 98))) == "x" * 98
    assert UploadJSONParser().parse(io.BytesIO(b"[%s1]" % (b"1," * 8))) == [1] * 9
    for body in (b'"%s"' % (b"x" * 99), b"[%s1]" % (b"[]," * 8)):
        with pytest.raises(TooLarge):
            UploadJSONParser().parse(io.BytesIO(body))
