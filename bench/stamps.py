"""The time of day inside a token: what the agent writes into it, and how late it is when it arrives."""

import re
import time
from typing import Final

TOKEN_CHARS: Final = 10
STAMP: Final = re.compile(rb"(\d{9}) ")
_ROUND: Final = 10**9  # microseconds; the clock of the machine is the same in all processes


def now() -> int:
    """Return the microseconds of the machine's clock, round and round."""
    return time.monotonic_ns() // 1000 % _ROUND


def token() -> str:
    """Return a token of ten characters that says when it was written."""
    return f"{now():09d} "


def since(stamp: int) -> int:
    """Return the microseconds that have passed since a stamp."""
    return (now() - stamp) % _ROUND
