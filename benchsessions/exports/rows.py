"""The rows of an export, of which a few are in memory at a time."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from accounts.queries import with_people
from benchsessions.answers import Reading, read_answer
from benchsessions.models import Analyst, Annotation, BenchSession, Flag, Item
from benchsessions.opinions import sight_of, visible_annotations, visible_flags
from benchsessions.reviewing import Selection
from benchsessions.rubric import OVERALL
from benchsessions.tables.cells import documents_text, joined
from benchsessions.tables.columns import SECTION_COLUMNS, Column
from tenants.database import in_team

CHUNK: Final = 100
# What is known of a question besides what an import reads.
BESIDES: Final = ("is_second", "counted_rating", "decided_by", "decided_at", "flags")
# People count from one, as the pages do; programs read `index` in JSONL.
NUMBER: Final = "number"
COLUMNS: Final = (
    NUMBER,
    Column.QUESTION,
    Column.WITH_DOCS,
    Column.STATUS,
    Column.ANSWER,
    Column.DOCUMENTS,
    Column.ELAPSED_MS,
    Column.ERROR,
    Column.RATING,
    Column.COMMENT,
    *SECTION_COLUMNS,
    Column.OTHER_SECTIONS,
    Column.AUTHOR,
    Column.REVIEWED_AT,
    *BESIDES,
    Column.REFERENCE_ANSWER,
    Column.EXPECTED_DOCUMENTS,
    Column.TAGS,
    Column.EXTERNAL_ID,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A question with its answer, and what one person says of it, if anybody does."""

    item: Item
    reading: Reading
    annotation: Annotation | None
    flags: list[Flag]

    def cells(self) -> list[object]:
        """Return what a table holds, in the order of `COLUMNS`."""
        known = {**self._of_question(), **self._of_person(), **self._of_all()}
        return [known.get(column, "") for column in COLUMNS]

    def as_json(self) -> dict[str, Any]:
        """Return what a line of JSON holds: what was sent, answered and said, whole."""
        item, said = self.item, self.annotation
        return {
            "index": item.index,
            "question": item.question,
            "status": item.status,
            "elapsed_ms": item.elapsed_ms,
            "request": item.request,
            "answer": item.answer,
            "annotation": said.data if said else None,
            "author": str(said.author) if said else None,
            "reviewed_at": _moment(said.updated_at) if said else None,
            "reference": item.reference,
            **self._of_all(),
        }

    def _of_question(self) -> dict[str, object]:
        item, reading, reference = self.item, self.reading, self.item.reference
        request = item.request if isinstance(item.request, dict) else {}
        return {
            NUMBER: item.index + 1,
            Column.QUESTION: item.question,
            Column.WITH_DOCS: _text(request.get("with_docs")),
            Column.STATUS: item.status,
            Column.ANSWER: reading.text,
            Column.DOCUMENTS: documents_text(reading.documents),
            Column.ELAPSED_MS: item.elapsed_ms,
            Column.ERROR: _text(reading.error),
            Column.REFERENCE_ANSWER: _text(reference.get("answer")),
            Column.EXPECTED_DOCUMENTS: _several(reference.get("documents")),
            Column.TAGS: _several(reference.get("tags")),
            Column.EXTERNAL_ID: _text(reference.get("external_id")),
        }

    def _of_person(self) -> dict[str, object]:
        said = self.annotation
        if said is None:
            return {}
        shown: dict[tuple[str, str], str] = {place: column for column, place in SECTION_COLUMNS.items()}
        shown |= {(OVERALL, "rating"): Column.RATING, (OVERALL, "comment"): Column.COMMENT}
        cells: dict[str, object] = {}
        others: dict[str, Any] = {}
        for section, words in (said.data or {}).items():
            for what, value in words.items():
                column = shown.get((section, what))
                if column is None:
                    others.setdefault(section, {})[what] = value
                else:
                    cells[column] = _several(value) if what == "issues" else _text(value)
        return {
            **cells,
            Column.OTHER_SECTIONS: _text(others or None),
            Column.AUTHOR: str(said.author),
            Column.REVIEWED_AT: _moment(said.updated_at),
        }

    def _of_all(self) -> dict[str, object]:
        item, said = self.item, self.annotation
        flags = [f"{flag.author or ''}: {flag.comment}{' ✓' if flag.resolved_at else ''}" for flag in self.flags]
        values = (
            _text(said.is_second) if said else "",
            item.verdict,
            str(item.decided_by or ""),
            _moment(item.decided_at),
            "\n".join(flags),
        )
        return dict(zip(BESIDES, values, strict=True))


async def chunks(session: BenchSession, viewer: Analyst, name: str, search: str) -> AsyncIterator[list[Row]]:
    """Yield the rows that somebody asked for and may see, some questions at a time, in the scope of their team."""
    after = -1
    while rows := await in_team(viewer.team_id, rows_after, session, viewer, name, search, after):
        yield rows
        after = rows[-1].item.index


def rows_after(session: BenchSession, viewer: Analyst, name: str, search: str, after: int) -> list[Row]:
    """Return the rows of the next questions after an index, in a number of queries that does not grow."""
    found = Selection.of(session, viewer, name, search).items().filter(index__gt=after).order_by("index")
    whole = found.defer(None).select_related("decided_by")
    items = list(with_people(whole, "decided_by__user")[:CHUNK])
    sight_of(viewer, session.id).cover(items)
    said: dict[UUID, list[Annotation]] = {}
    for annotation in visible_annotations(session, viewer).filter(item__in=items):
        said.setdefault(annotation.item_id, []).append(annotation)
    flags: dict[UUID, list[Flag]] = {}
    for flag in visible_flags(session, viewer).filter(item__in=items):
        flags.setdefault(flag.item_id, []).append(flag)
    return [
        Row(item, read_answer(item.answer), annotation, flags.get(item.id, []))
        for item in items
        for annotation in said.get(item.id, [None])
    ]


def _text(value: Any) -> str:
    """Return a value as the text of a cell: a text as it is, all else as JSON, nothing for none."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _several(values: Any) -> str:
    return joined(values) if isinstance(values, list) else _text(values)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""
