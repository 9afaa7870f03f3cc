"""Files that somebody sent and has not taken over yet: kept for a day, and the last few of each person."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from benchsessions.exceptions import UploadNotFound
from benchsessions.models import Analyst, QuestionSet, Upload
from benchsessions.tables.reading import read_table
from benchsessions.tables.table import Table
from tenants.managers import find

KEPT_FOR: Final = timedelta(days=1)
KEPT_EACH: Final = 4
NAME_CHARS: Final = 200


@transaction.atomic
def keep_upload(*, owner: Analyst, name: str, data: bytes, question_set: QuestionSet | None = None) -> Upload:
    """Keep a file until its person has looked at it; raise `NotATable` and `TooLarge`, so that none stays in vain."""
    read_table(data, name)
    upload = Upload.objects.create(owner=owner, name=name[-NAME_CHARS:], data=data, question_set=question_set)
    Upload.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    kept = Upload.objects.filter(owner=owner).order_by("-created_at", "-id").values_list("id", flat=True)[:KEPT_EACH]
    Upload.objects.filter(owner=owner).exclude(id__in=list(kept)).delete()
    return upload


def upload_of(owner: Analyst, upload_id: UUID) -> Upload:
    """Return a file of somebody's own; raise `UploadNotFound`."""
    upload = find(Upload.objects.select_related("question_set"), owner=owner, id=upload_id)
    if upload is None:
        raise UploadNotFound()
    return upload


def table_of(upload: Upload, *, has_header: bool | None = None) -> Table:
    """Return the table in a file that was kept."""
    return read_table(bytes(upload.data), upload.name, has_header=has_header)


def take_upload(upload: Upload) -> None:
    """Let go of a file in the transaction that takes it over; raise `UploadNotFound` if another one did."""
    if not Upload.objects.filter(id=upload.id).delete()[0]:
        raise UploadNotFound()
