"""What a spreadsheet weighs in memory: it is a ZIP of XML, and both can hold far more than they weigh as a file."""

from collections.abc import Sequence
from io import BytesIO
from typing import IO, Final
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _

from benchsessions.exceptions import NotATable

MOST_UNPACKED: Final = 128 * 2**20
MOST_PARTS: Final = 2_000
MOST_ELEMENTS: Final = 2_000_000
# Elements and attributes in memory at one time, where each takes hundreds of bytes.
MOST_MARKS: Final = 100_000
# What is read and let go of one by one.
RECORDS: Final = frozenset({"row", "si"})
LONGEST_TAG: Final = 2**20
PIECE: Final = 2**16


def check_weight(data: bytes) -> None:
    """Raise `NotATable` for an archive that would take far more memory than its bytes."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            # The sizes that a ZIP declares are never exceeded.
            if sum(part.file_size for part in parts) > MOST_UNPACKED or len(parts) > MOST_PARTS:
                raise too_large()
            marks = _Marks()
            for part in parts:
                with archive.open(part) as opened:
                    marks.count(opened)
    except (BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError, EOFError):
        raise damaged() from None


def damaged() -> NotATable:
    return NotATable(_("This spreadsheet is damaged. Save it anew, or as CSV."))


def too_large() -> NotATable:
    return NotATable(_("This spreadsheet is too large once unpacked. Save it as CSV."))


class _Marks:
    """The elements and attributes of all parts, counted without keeping any."""

    def __init__(self) -> None:
        self._elements = self._of_part = self._of_record = self._depth = 0

    def count(self, part: IO[bytes]) -> None:
        """Read a part as far as it is XML: no reader comes further."""
        self._of_part = self._of_record = self._depth = 0
        parser = expat.ParserCreate(namespace_separator="}")
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = _refuse_entities
        since_tag = 0
        try:
            while piece := part.read(PIECE):
                # A tag is in memory as a whole before anything of it can be counted.
                since_tag = since_tag + len(piece) if (place := piece.rfind(b"<")) < 0 else len(piece) - place
                if since_tag > LONGEST_TAG:
                    raise too_large()
                parser.Parse(piece)
        except expat.ExpatError:
            return

    def _start(self, name: str, attributes: Sequence[str]) -> None:
        marks = 1 + len(attributes) // 2
        if self._depth or name.rpartition("}")[2] in RECORDS:
            self._depth += 1
            self._of_record = self._of_record + marks if self._depth > 1 else marks
        else:
            self._of_part += marks
        self._elements += 1
        if self._elements > MOST_ELEMENTS or max(self._of_part, self._of_record) > MOST_MARKS:
            raise too_large()

    def _end(self, _name: str) -> None:
        self._depth = max(0, self._depth - 1)


def _refuse_entities(*_declared: object) -> None:
    raise damaged()
