"""The shape of a JSON body, seen before anything of it is read."""

import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from tenants.exceptions import TooLarge

# An answer may be nested 32 deep; around it stand the body, its `response` and the list.
MOST_DEPTH: Final = 32 + 3
# About what takes how many bytes once it is read.
BYTES_OF: Final[Mapping[bytes, int]] = {b"{": 250, b"[": 90, b",": 80, b":": 80}
# How much more memory a body may take, read, than the largest body has bytes.
MOST_GROWTH: Final = 8
TEXTS: Final = re.compile(rb'"[^"]*"?')
NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def check_shape(body: bytes, most_bytes: int) -> None:
    """Refuse what is nested too deeply, and what would take far more room once it is read: empty lists, say.

    `most_bytes` is how large a body may be. Raises `ParseError`, `TooLarge`.
    """
    most_room = most_bytes * MOST_GROWTH
    plain = _plain(body)
    if _room_of_texts(plain) > most_room:
        raise TooLarge()
    bare = TEXTS.sub(b"", plain)
    if _room_of_marks(bare) > most_room:
        raise TooLarge()
    depth = 0
    for bracket in bare.translate(None, NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MOST_DEPTH:
            raise ParseError(_("The JSON is nested too deeply."))


def room_of(text: bytes) -> int:
    """Return about how many bytes JSON takes once it is read, beside what its texts hold."""
    plain = _plain(text)
    return max(_room_of_texts(plain), _room_of_marks(TEXTS.sub(b"", plain)))


def _plain(text: bytes) -> bytes:
    """Leave out what is escaped, so that each quote begins a text or ends one."""
    return text.replace(rb"\\", b"").replace(rb"\"", b"")


def _room_of_texts(plain: bytes) -> int:
    return plain.count(b'"') // 2 * BYTES_OF[b","]


def _room_of_marks(bare: bytes) -> int:
    return sum(bare.count(mark) * size for mark, size in BYTES_OF.items())
