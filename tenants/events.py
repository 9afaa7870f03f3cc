"""What the ground tells the house; sent inside the transaction that it is about."""

from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.dispatch import Signal


class Verb(StrEnum):
    """What was done to a row."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class RowWritten:
    """Somebody wrote a row in the administration; `fields` names what they changed.

    A row that `holds_text` is called by what people wrote to each other: its name is not for the records.
    """

    row: models.Model
    verb: Verb
    fields: tuple[str, ...] = ()
    holds_text: bool = False


row_written = Signal()
