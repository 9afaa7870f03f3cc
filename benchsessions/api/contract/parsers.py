"""JSON of whole sessions, large and strict: what is refused is seen before anything of it is read."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import IO, Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from tenants.api.parsers import StrictJSONParser, decode
from tenants.exceptions import TooLarge

# An answer may be nested 32 deep; around it stand the body, its `response` and the list.
MOST_DEPTH: Final = 32 + 3
# About what takes how many bytes once it is read.
BYTES_OF: Final[Mapping[bytes, int]] = {b"{": 250, b"[": 90, b",": 80, b":": 80}
# How much more memory a body may take, read, than the largest body has bytes.
MOST_GROWTH: Final = 8
TEXTS: Final = re.compile(rb'"[^"]*"?')
NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


class BenchJSONParser(StrictJSONParser):
    """Parse a body of many questions and answers; characters are looked at by whoever knows where they stand."""

    @property
    def limit(self) -> int:
        return int(settings.MAX_BENCH_BODY_BYTES)

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = self.read(stream)
        _check_shape(body, self.limit * MOST_GROWTH)
        return decode(body, pairs=_object_of)


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        [(twice, _n)] = Counter(name for name, _value in pairs).most_common(1)
        raise ValueError(f"the key {twice[:70]!a} stands twice in one object")
    return made


def _check_shape(body: bytes, most_bytes: int) -> None:
    """Refuse what is nested too deeply, and what would take far more room once it is read: empty lists, say."""
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"")
    if plain.count(b'"') // 2 * BYTES_OF[b","] > most_bytes:
        raise TooLarge()
    bare = TEXTS.sub(b"", plain)
    if sum(bare.count(mark) * size for mark, size in BYTES_OF.items()) > most_bytes:
        raise TooLarge()
    depth = 0
    for bracket in bare.translate(None, NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MOST_DEPTH:
            raise ParseError(_("The JSON is nested too deeply."))
