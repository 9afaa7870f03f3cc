"""JSON in, strictly: what a database or a peer could not hold is refused here with a sentence."""

import json
from collections.abc import Callable, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from tenants.exceptions import TooLarge


def take_body(request: Request) -> Any:
    """Take the parsed body out of a request, which would hold it, and its files, for as long as the answer takes."""
    body = request.data
    request._data = request._full_data = {}  # type: ignore[attr-defined] # where it keeps it
    return body


class StrictJSONParser(BaseParser):
    """Parse a JSON body: UTF-8, finite numbers, no NUL, no lone surrogate, bounded depth and size."""

    media_type = "application/json"

    @property
    def limit(self) -> int:
        """The most bytes that a body may have."""
        return int(settings.MAX_BODY_BYTES)

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return loads(self.read(stream))

    def read(self, stream: IO[bytes]) -> bytes:
        """Return the body; raise `TooLarge` on one beyond the limit."""
        body = stream.read(self.limit + 1)
        if len(body) > self.limit:
            raise TooLarge()
        return body


class UploadJSONParser(StrictJSONParser):
    """The same for a call that takes files: what makes its body large are texts, not values beyond number."""

    @property
    def limit(self) -> int:
        return int(settings.MAX_UPLOAD_BYTES)

    def read(self, stream: IO[bytes]) -> bytes:
        """Refuse what would take thirty times as much once it is read: empty lists, say. No comma is base64."""
        body = super().read(stream)
        if len(body) > settings.MAX_BODY_BYTES and body.count(b",") > settings.MAX_BODY_BYTES // 10:
            raise TooLarge()
        return body


def loads(body: bytes, *, what: str = "The body") -> Any:
    """Decode a JSON document; raise `ParseError` with a plain sentence on a bad one, which is called `what`."""
    value = decode(body, what=what)
    _check_values(value)
    return value


def decode(body: bytes, *, what: str = "The body", pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Do the same without a look at depth and characters; `pairs` makes an object of its keys and values.

    It may raise a `ValueError` with the end of a sentence.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            parse_int=_readable_int,
            object_pairs_hook=pairs,
        )
    except UnicodeDecodeError:
        raise ParseError(f"{what} is not valid UTF-8.") from None
    except RecursionError:
        raise ParseError("The JSON is nested too deeply.") from None
    except json.JSONDecodeError as error:
        seen = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise ParseError(f"{what} is not valid JSON: {seen}.") from None
    except ValueError as error:
        raise ParseError(f"{what} is not valid JSON: {error}.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {digits[:20]} is too large")
    return value


def _readable_int(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # it has more digits than Python reads, whose advice is for programmers
        raise ValueError(f"the number {digits[:20]}… is too large") from None


def _check_values(document: Any) -> None:
    level: list[Any] = [document]
    for _ in range(settings.MAX_JSON_DEPTH):
        following: list[Any] = []
        for value in level:
            if isinstance(value, str):
                _check_text(value)
            elif isinstance(value, dict):
                for key in value:
                    _check_text(key)
                following.extend(value.values())
            elif isinstance(value, list):
                following.extend(value)
        if not following:
            return
        level = following
    raise ParseError("The JSON is nested too deeply.")


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ParseError("A text holds the character NUL, which cannot be stored.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError("A text holds half of a surrogate pair, which is no character.") from None
