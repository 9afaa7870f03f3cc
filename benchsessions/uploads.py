"""Tables that somebody sent and has not taken over yet: kept for a day, and the last few of each person.

A file is read once, when it comes: to read a spreadsheet takes many times as long as to read what it held.
"""

import gzip
import json
from datetime import timedelta
from io import BytesIO
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from benchsessions.exceptions import UploadNotFound
from benchsessions.models import Analyst, QuestionSet, Upload
from benchsessions.tables.reading import read_table
from benchsessions.tables.table import Row, Table
from tenants.managers import find

KEPT_FOR: Final = timedelta(days=1)
KEPT_EACH: Final = 4
NAME_CHARS: Final = 200
QUICKLY: Final = 1  # the level of gzip that takes the least time


def keep_upload(*, owner: Analyst, name: str, data: bytes, question_set: QuestionSet | None = None) -> Upload:
    """Keep the table in a file until its person has looked at it; raise `NotATable` and `TooLarge`."""
    table = _packed(read_table(data, name))  # outside of the transaction, which on SQLite keeps all others from writing
    with transaction.atomic():
        upload = Upload.objects.create(owner=owner, name=name[-NAME_CHARS:], data=table, question_set=question_set)
        Upload.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
        own = Upload.objects.filter(owner=owner)
        kept = own.order_by("-created_at", "-id").values_list("id", flat=True)[:KEPT_EACH]
        own.exclude(id__in=list(kept)).delete()
    return upload


def upload_of(owner: Analyst, upload_id: UUID) -> Upload:
    """Return a file of somebody's own; raise `UploadNotFound`."""
    upload = find(Upload.objects.select_related("question_set"), owner=owner, id=upload_id)
    if upload is None:
        raise UploadNotFound()
    return upload


def table_of(upload: Upload) -> Table:
    """Return the table in a file that was kept."""
    with gzip.open(BytesIO(upload.data), "rt", encoding="utf-8", newline="\n") as lines:
        columns, heading, is_nested = json.loads(next(lines))
        rows = [Row(*json.loads(line)) for line in lines]
    return Table(columns, rows, heading and Row(*heading), is_nested)


def take_upload(upload: Upload) -> None:
    """Let go of a file in the transaction that takes it over; raise `UploadNotFound` if another one did."""
    if not Upload.objects.filter(id=upload.id).delete()[0]:
        raise UploadNotFound()


def _packed(table: Table) -> bytes:
    """Return a table as `table_of` reads it: a row a line, so that it is never as a whole in memory twice."""
    packed = BytesIO()
    with gzip.open(packed, "wt", QUICKLY, encoding="utf-8", newline="\n") as lines:
        for part in ([table.columns, table.heading, table.is_nested], *table.rows):
            lines.write(json.dumps(part, ensure_ascii=False) + "\n")
    return packed.getvalue()
