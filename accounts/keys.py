"""The text of an API key: `parley_<random><team>_<checksum>`, in base 62.

The team stands in the key, so that it is looked up inside the scope. The checksum (CRC-32) lets a scanner, and us
without asking the database, tell a key from what only looks like one.
"""

import re
import secrets
import string
from typing import Final
from uuid import UUID
from zlib import crc32

from accounts.exceptions import BadKey
from accounts.tokens import keyed_hash

PREFIX: Final = "parley"
ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_CHARS: Final = 43  # 256 bits
TEAM_CHARS: Final = 22  # 128 bits
CHECK_CHARS: Final = 6  # 32 bits
SHOWN_CHARS: Final = len(PREFIX) + 1 + 8
KEY: Final = re.compile(
    rf"{PREFIX}_[0-9A-Za-z]{{{SECRET_CHARS}}}(?P<team>[0-9A-Za-z]{{{TEAM_CHARS}}})_[0-9A-Za-z]{{{CHECK_CHARS}}}"
)


def new_key(team_id: UUID) -> str:
    """Make the text of a key of a team."""
    secret = "".join(secrets.choice(ALPHABET) for _ in range(SECRET_CHARS))
    body = f"{PREFIX}_{secret}{_base62(team_id.int, TEAM_CHARS)}"
    return f"{body}_{_checksum(body)}"


def team_of_key(text: str) -> UUID:
    """Return the team that a key names; raise `BadKey` on what cannot be a key."""
    match = KEY.fullmatch(text)
    body, _, checksum = text.rpartition("_")
    if match is None or checksum != _checksum(body):
        raise BadKey()
    number = _number(match["team"])
    if number >= 1 << 128:
        raise BadKey()
    return UUID(int=number)


def looks_like_key(text: str) -> bool:
    """Tell a key from other tokens that travel in the same header."""
    return text.startswith(f"{PREFIX}_")


def hash_of_key(text: str) -> str:
    """Return what is stored of a key."""
    return keyed_hash("api-key", text)


def shown_prefix(text: str) -> str:
    """Return the beginning of a key by which its owner recognises it."""
    return text[:SHOWN_CHARS]


def _checksum(body: str) -> str:
    return _base62(crc32(body.encode()), CHECK_CHARS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def _number(text: str) -> int:
    number = 0
    for character in text:
        number = number * len(ALPHABET) + ALPHABET.index(character)
    return number
