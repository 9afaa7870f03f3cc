"""Files that come with a message: what they are is found by their content, never believed."""

import base64
import binascii
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.template.defaultfilters import filesizeformat

from agents.kinds import Attached, takes
from agents.models import Agent
from chats.exceptions import AttachmentNotTaken, AttachmentTooLarge, BadAttachment, TooManyAttachments
from chats.models import Attachment, Message
from tenants import pictures

Upload: TypeAlias = "File[bytes]"
PDF: Final = "application/pdf"
TEXT: Final = "text/plain"
# Only among texts does the name say more than the content.
TEXT_BY_SUFFIX: Final = {
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".json": "application/json",
}
MEDIA_TYPES: Final = (*pictures.TYPES.values(), PDF, TEXT, *dict.fromkeys(TEXT_BY_SUFFIX.values()))
NAMELESS: Final = "file"
MAX_NAME_CHARS: Final = 200
MAX_SUFFIX_CHARS: Final = 20


def from_data_uri(name: str, uri: str) -> Upload:
    """Return the file in a data URI, whose media type counts for nothing; raise `ValueError` on any other text."""
    head, comma, encoded = uri.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        raise ValueError("A file is sent as data:…;base64,….")
    try:
        return ContentFile(base64.b64decode(encoded, validate=True), name=clean_name(name))
    except (binascii.Error, ValueError):
        raise ValueError("The file is not valid base64.") from None


def check_number(files: Sequence[Any]) -> None:
    """Raise `TooManyAttachments` for more files than a message may bring."""
    if len(files) > settings.MAX_ATTACHMENTS:
        raise TooManyAttachments(f"A message may bring at most {settings.MAX_ATTACHMENTS} files.")


def read_files(files: Sequence[Upload]) -> list[Attached]:
    """Read uploaded files, within the limits; raises what says in a sentence which of them is not taken."""
    check_number(files)
    return [_read(file) for file in files]


def _read(file: Upload) -> Attached:
    name = clean_name(file.name or "")
    if file.size > settings.MAX_ATTACHMENT_BYTES:
        most = filesizeformat(settings.MAX_ATTACHMENT_BYTES)
        raise AttachmentTooLarge(f"“{name}” is too large: a file may have at most {most}.")
    with file:  # what the request keeps of it would otherwise stay as long as its answer streams
        data = file.read()
    if not data:
        raise BadAttachment(f"“{name}” is empty.")
    try:
        return Attached(name, media_type_of(name, data), data)
    except ValueError as error:
        raise BadAttachment(f"“{name}” cannot be sent. {error}") from None


def clean_name(name: str) -> str:
    """Return a file's name without its path and without characters that nobody sees, cut before its suffix."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else char for char in last)
    text = " ".join(seen.split())
    if not text.strip(". "):
        return NAMELESS
    suffix = PurePosixPath(text).suffix[:MAX_SUFFIX_CHARS]
    return text if len(text) <= MAX_NAME_CHARS else text[: MAX_NAME_CHARS - len(suffix)] + suffix


def media_type_of(name: str, data: bytes) -> str:
    """Return the media type of a file by what is in it; raise `ValueError` with a sentence if we take no such."""
    if picture := pictures.media_type_of(data):
        return picture
    if data.startswith(b"%PDF-"):
        return PDF
    if b"\0" not in data and _is_utf8(data):
        return TEXT_BY_SUFFIX.get(PurePosixPath(name).suffix.lower(), TEXT)
    raise ValueError("Pictures (PNG, JPEG, GIF, WebP), PDF and text in UTF-8 are taken.")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def accepted_by(agent: Agent | None) -> str:
    """Return what an agent can be given as HTML's `accept` has it; empty for nothing.

    Systems name texts in many ways, so all of them may be chosen where a plain one is taken.
    """
    if agent is None:
        return ""
    taken = [media_type for media_type in MEDIA_TYPES if takes(agent.kind, media_type)]
    return ",".join([*taken, "text/*", *TEXT_BY_SUFFIX] if TEXT in taken else taken)


def check_taken(agent: Agent, files: Iterable[Attached]) -> None:
    """Raise `AttachmentNotTaken` for the first file that an agent of this kind cannot be given."""
    for file in files:
        if not takes(agent.kind, file.media_type):
            raise AttachmentNotTaken(f"{agent.name} cannot read “{file.name}”: it takes no files of this kind.")


def rows_of(message: Message, files: Iterable[Attached]) -> list[Attachment]:
    """Return the rows of a message's files, not yet saved."""
    return [
        Attachment(
            message=message,
            position=position,
            name=file.name,
            media_type=file.media_type,
            size=len(file.data),
            data=file.data,
        )
        for position, file in enumerate(files, start=1)
    ]
