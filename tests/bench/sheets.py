"""Workbooks, and what becomes of them in bad hands."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

OF_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OF_DOCUMENTS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OF_PACKAGES = "http://schemas.openxmlformats.org/package/2006"


def workbook(*rows: Sequence[Any]) -> bytes:
    """Return an XLSX with one sheet of rows."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def tampered(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return an XLSX with one of its parts changed."""
    written = BytesIO()
    with ZipFile(BytesIO(data)) as source, ZipFile(written, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name.endswith(part) else content)
    return written.getvalue()


def repeating(text: str, rows: int, columns: int) -> bytes:
    """Return an XLSX as spreadsheets write it, with one text in all cells: the file holds it once."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    row = "<row>" + '<c t="s"><v>0</v></c>' * columns + "</row>"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{OF_PACKAGES}/content-types">'
        + '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + f'<Override PartName="/xl/sheet.xml" ContentType="{kind}.worksheet+xml"/>'
        + f'<Override PartName="/xl/shared.xml" ContentType="{kind}.sharedStrings+xml"/></Types>',
        "_rels/.rels": _relations(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{OF_SHEETS}" xmlns:r="{OF_DOCUMENTS}">'
        + '<sheets><sheet name="A" sheetId="1" r:id="worksheet"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(worksheet="sheet.xml", sharedStrings="shared.xml"),
        "xl/sheet.xml": f'<worksheet xmlns="{OF_SHEETS}"><sheetData>{row * rows}</sheetData></worksheet>',
        "xl/shared.xml": f'<sst xmlns="{OF_SHEETS}"><si><t>{text}</t></si></sst>',
    }
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


def _relations(**targets: str) -> str:
    told = (f'<Relationship Id="{kind}" Type="{OF_DOCUMENTS}/{kind}" Target="{to}"/>' for kind, to in targets.items())
    return f'<Relationships xmlns="{OF_PACKAGES}/relationships">{"".join(told)}</Relationships>'
