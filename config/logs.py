"""What the log is written in."""

import logging
import re
from typing import Final

TOKEN_IN_ADDRESS: Final = re.compile(r"(/(?:join|reset-password)/)[^\s\"']+")


class TokenlessFormatter(logging.Formatter):
    """Write an event without the tokens of mailed links: whoever reads the log must not come in with one.

    Django logs the address of whatever it refuses.
    """

    def format(self, record: logging.LogRecord) -> str:
        return TOKEN_IN_ADDRESS.sub(r"\1…", super().format(record))
