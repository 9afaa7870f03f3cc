"""JSON values one after another, whatever stands between them."""

import json
import re
from typing import Any, Final

from agents.wire.text import size

# Each pattern runs to the next character that matters. They are possessive: no input makes them go back.
_TO_BRACKET = re.compile(r'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL)
_TO_QUOTE = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_OPENING = re.compile(r"[{\[]")
_BETWEEN = " \t\r\n,\x1e"

MISSING: Final = object()


def parse(text: str) -> Any:
    """Return the JSON value of `text`, or `MISSING` if it is none (or is nested beyond reason)."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return MISSING


class JsonScanner:
    """Cut text into top-level objects and arrays, from pieces cut anywhere.

    Only brackets and strings are looked at; whether a value is JSON is for `parse` to say. Each character is looked
    at once, so a value may come in any number of pieces.
    """

    def __init__(self) -> None:
        self._value: list[str] = []
        self._depth = 0
        self._in_string = False
        self._backslash = ""
        self.held = 0
        """Bytes of the value that is not complete yet."""

    def feed(self, text: str) -> list[str]:
        """Return what is complete: values, and between them whatever is neither value nor white space."""
        text = self._backslash + text
        self._backslash = ""
        found: list[str] = []
        start = at = 0
        while at < len(text):
            if not self._depth:
                start = at = _skip_to_value(text, at, found)
                if at == len(text):
                    return found
                self._depth = 1
                at += 1
            at = self._scan(text, at)
            if not self._depth:
                found.append("".join(self._value) + text[start:at])
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


def _skip_to_value(text: str, at: int, found: list[str]) -> int:
    """Return the place of the next value, adding what is passed over to `found` if it is more than white space."""
    opening = _OPENING.search(text, at)
    stop = opening.start() if opening else len(text)
    if passed := text[at:stop].strip(_BETWEEN):
        found.append(passed)
    return stop
