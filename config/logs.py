"""What the log is written in."""

import logging
import re
from copy import copy
from typing import Final

TOKEN_IN_ADDRESS: Final = re.compile(r"(?i)(/(?:join|reset-password)/)[^\s\"']+|((?:/|%2F)share(?:/|%2F))[^\s\"'/%&]+")


class RefusalsWarn(logging.Filter):
    """Make warnings of what Django takes for faults: a 502 or 503 is refused on purpose, only a 500 is a fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno == logging.ERROR and getattr(record, "status_code", 500) != 500:
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return logging.getLogger(record.name).isEnabledFor(record.levelno)


class TokenlessFormatter(logging.Formatter):
    """Write an event without the tokens of links: whoever reads the log must not come in with one.

    Django logs the address of whatever it refuses; that is a line, and no traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        if record.name == "django.request" and record.levelno < logging.ERROR:
            record = copy(record)
            record.exc_info = record.exc_text = None
        return TOKEN_IN_ADDRESS.sub(r"\1\2…", super().format(record))
