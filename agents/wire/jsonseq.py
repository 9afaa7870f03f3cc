"""JSON values one after another, whatever stands between them."""

import json
import re
from contextlib import suppress
from typing import Any, Final

from agents.wire.text import size

# Each pattern runs to the next character that matters. They are possessive: no input makes them go back.
_TO_BRACKET = re.compile(r'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL)
_TO_QUOTE = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_OPENING = re.compile(r"[{\[]")
_DECODER = json.JSONDecoder()
_BETWEEN = " \t\r\n,\x1e"

MISSING: Final = object()
OVERSIZED: Final = object()


def parse(text: str) -> Any:
    """Return the JSON value of `text`, or `MISSING` if it is none (or is nested beyond reason)."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return MISSING


class JsonScanner:
    """Read top-level objects and arrays out of text, from pieces cut anywhere.

    A value that comes in one piece is parsed at once. Of one that does not, only brackets and strings are looked at
    until it is complete, each character once, so that it may come in any number of pieces.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._value: list[str] = []
        self._depth = 0
        self._in_string = False
        self._backslash = ""
        self.held = 0
        """Bytes of the value that is not complete yet."""

    def feed(self, text: str) -> list[Any]:
        """Return the values that are complete.

        `MISSING` stands for whatever is neither value nor white space, `OVERSIZED` for a value over the limit.
        """
        text = self._backslash + text
        self._backslash = ""
        found: list[Any] = []
        start = at = 0
        while at < len(text):
            if not self._depth:
                start = at = _skip_to_value(text, at, found)
                if at == len(text):
                    return found
                with suppress(ValueError, RecursionError):
                    value, at = _DECODER.raw_decode(text, start)
                    found.append(value if size(text[start:at]) <= self._max else OVERSIZED)
                    continue
                self._depth = 1
                at += 1
            at = self._scan(text, at)
            if not self._depth:
                whole = "".join(self._value) + text[start:at]
                found.append(parse(whole) if size(whole) <= self._max else OVERSIZED)
                self._value.clear()
                self.held = 0
                start = at
        if self._depth:
            rest = text[start : len(text) - len(self._backslash)]
            self._value.append(rest)
            self.held += size(rest)
        return found

    def _scan(self, text: str, at: int) -> int:
        """Return the place after the value, or the end of `text` if the value goes on."""
        while self._depth:
            match = (_TO_QUOTE if self._in_string else _TO_BRACKET).match(text, at)
            assert match is not None
            at = match.end()
            if at == len(text):
                return at
            stop = text[at]
            at += 1
            if stop == '"':
                self._in_string = not self._in_string
            elif stop == "\\":
                self._backslash = stop
            elif stop in "{[":
                self._depth += 1
            else:
                self._depth -= 1
        return at


def _skip_to_value(text: str, at: int, found: list[Any]) -> int:
    """Return the place of the next value, telling `found` if more than white space is passed over."""
    opening = _OPENING.search(text, at)
    stop = opening.start() if opening else len(text)
    if text[at:stop].strip(_BETWEEN):
        found.append(MISSING)
    return stop
