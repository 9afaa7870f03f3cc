"""The rows of a table as questions of a set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from benchsessions.tables.cells import parts_of, truth_of
from benchsessions.tables.columns import Column, told
from benchsessions.tables.table import Row, Table
from benchsessions.wording import Wording, faults_of

# Which column a field of a question is read from.
READ_FROM: Final[Mapping[str, Column]] = {
    "body": Column.QUESTION,
    "with_docs": Column.WITH_DOCS,
    "reference_answer": Column.REFERENCE_ANSWER,
    "expected_documents": Column.EXPECTED_DOCUMENTS,
    "tags": Column.TAGS,
    "external_id": Column.EXTERNAL_ID,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is read, and what is wrong with it: the column, and a sentence."""

    number: int
    wording: Wording
    faults: list[tuple[str, str]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, str]]:
        return told(self.faults)


def read_questions(table: Table, columns: Sequence[str]) -> list[Line]:
    """Return the rows of a table as questions; `columns` says for each of its columns what it is, empty for nothing."""
    lines = [Line(row.number, *wording_from(cells_of(row, columns))) for row in table.rows]
    for place, name, sentence in faults_of([line.wording for line in lines]):
        lines[place].faults.append((READ_FROM[name], sentence))
    return lines


def cells_of(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    """Return the cells of a row by what they are."""
    return {column: cell for column, cell in zip(columns, row.cells, strict=True) if column}


def wording_from(cells: Mapping[str, Any]) -> tuple[Wording, list[tuple[str, str]]]:
    """Return what a question says in some cells, and what in them cannot be read."""
    faults: list[tuple[str, str]] = []
    with_docs = truth_of(text_of(cells.get(Column.WITH_DOCS)) or "true")
    if with_docs is None:
        faults.append((Column.WITH_DOCS, _("Say yes or no.")))
    reference = cells.get(Column.REFERENCE_ANSWER)
    whole = reference if isinstance(reference, dict) else {"answer": reference}
    wording = Wording(
        body=text_of(cells.get(Column.QUESTION)),
        with_docs=with_docs is not False,
        reference_answer=text_of(whole.get("answer")),
        expected_documents=several_of(cells.get(Column.EXPECTED_DOCUMENTS) or whole.get("documents")),
        tags=several_of(cells.get(Column.TAGS) or whole.get("tags")),
        external_id=text_of(cells.get(Column.EXTERNAL_ID) or whole.get("external_id")),
    )
    return wording, faults


def text_of(value: Any) -> str:
    """Return a cell as text; of a nested value its body, if it has one."""
    if isinstance(value, dict):
        value = value.get("body")
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def several_of(value: Any) -> list[str]:
    """Return the several values in a cell."""
    if isinstance(value, list):
        return [text for text in map(text_of, value) if text]
    return parts_of(value if isinstance(value, str) else text_of(value))  # how it ends says how it is parted
