"""The rows of a table as a session: what was asked, answered and said. Our own exports come back so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from benchsessions.answers import places_of, read_answer
from benchsessions.models import ItemStatus
from benchsessions.questions import text_of_request
from benchsessions.rubric import OVERALL, Rating
from benchsessions.sections import read_annotation
from benchsessions.sessions import Asked
from benchsessions.tables.cells import MOST_PARTS, documents_of, is_json
from benchsessions.tables.columns import SECTION_COLUMNS, Column, told
from benchsessions.tables.questions import cells_of, several_of, text_of, wording_from
from benchsessions.tables.table import Table
from tenants.api.parsers import loads
from tenants.exceptions import Invalid

# As people write ratings; anything else is kept as it stands.
RATINGS: Final[Mapping[str, Rating]] = {
    **dict.fromkeys(("верно", "правильно", "да", "+", "ok", "right", "yes"), Rating.CORRECT),
    **dict.fromkeys(("частично", "частично верно", "частично правильно", "partly", "partly correct"), Rating.PARTLY),
    **dict.fromkeys(("неверно", "неправильно", "нет", "-", "wrong", "no"), Rating.INCORRECT),
    **dict.fromkeys(("неприменимо", "не применимо", "н/п", "n/a", "not applicable"), Rating.NOT_APPLICABLE),
    **{rating.value: rating for rating in Rating},
}


@dataclass(slots=True)
class Entry:
    """One question as a row tells it, and what is wrong with it: the column, and a sentence.

    `answer` is None where there is none; `group` is what rows about the same question have in common.
    """

    number: int
    request: Any
    answer: Any
    annotation: dict[str, Any] | None
    reference: dict[str, Any]
    group: str
    author: str
    faults: list[tuple[str, str]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, str]]:
        return told(self.faults)

    @property
    def question(self) -> str:
        return text_of_request(self.request)

    @property
    def rating(self) -> str:
        """What the row says of the answer as a whole, empty for nothing; it may be no rating of the scale."""
        return str((self.annotation or {}).get(OVERALL, {}).get("rating") or "")

    @property
    def answer_text(self) -> str:
        return read_answer(self.answer).text if self.answer is not None else ""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a session is made of, ready for `create_session`."""

    questions: list[Asked]
    response: Any
    annotations: dict[int, dict[str, Any]]


def read_entries(table: Table, columns: Sequence[str]) -> list[Entry]:
    """Return the rows of a table as questions with their answers and verdicts."""
    return [_entry(row.number, cells_of(row, columns)) for row in table.rows]


def one_each(entries: Sequence[Entry], author: str) -> list[Entry]:
    """Return one row a question: of several, that of an author, else the first that says something."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        # Tables that were put together count from one again: the number alone is no question.
        groups.setdefault((entry.group or f"row {entry.number}", entry.question), []).append(entry)
    return [
        min(group, key=lambda entry: (entry.author != author, entry.annotation is None)) for group in groups.values()
    ]


def gathered(entries: Sequence[Entry]) -> Gathered:
    """Return what a session is made of, each answer at its own question."""
    answers = [entry.answer for entry in entries]
    # An answer may say at which question it stood; rows that were sorted otherwise go back there.
    places = places_of(answers, [entry.question for entry in entries])
    if places is not None and len(places) == len(entries):
        entries = [entry for _place, entry in sorted(zip(places, entries, strict=True), key=lambda pair: pair[0])]
        answers = [entry.answer for entry in entries]
    return Gathered(
        [Asked(entry.request, entry.reference) for entry in entries],
        {"answers": answers} if any(answer is not None for answer in answers) else None,
        {index: entry.annotation for index, entry in enumerate(entries) if entry.annotation is not None},
    )


def _entry(number: int, cells: Mapping[str, Any]) -> Entry:
    wording, faults = wording_from(cells)
    request, whole = _nested(cells.get(Column.REQUEST)), cells.get(Column.REFERENCE_ANSWER)
    if not isinstance(request, dict):
        request = {"body": wording.body}
        if text_of(cells.get(Column.WITH_DOCS)):
            request["with_docs"] = wording.with_docs
    else:
        wording = wording_from({**cells, Column.QUESTION: text_of_request(request)})[0]
    if not isinstance(request.get("with_docs", True), bool):
        faults.append((Column.REQUEST, _("Say yes or no.")))
    faults += [(Column.QUESTION if name == "body" else name, sentence) for name, sentence in wording.faults()]
    said, annotation = _annotation(cells), None
    try:
        annotation = read_annotation(said, "") if said else None
    except Invalid as invalid:
        faults += [(f"{Column.ANNOTATION}{path}", words[0]) for path, words in (invalid.errors or {}).items()]
    documents = documents_of(text_of(cells.get(Column.DOCUMENTS)))
    if len(documents) > MOST_PARTS:
        faults.append((Column.DOCUMENTS, _("At most %(most)d documents.") % {"most": MOST_PARTS}))
    known = whole if isinstance(whole, dict) else {}
    expected = {
        "answer": wording.reference_answer,
        "documents": wording.expected_documents,
        "tags": wording.tags,
        "external_id": wording.external_id,
    }
    return Entry(
        number=number,
        request=request,
        answer=_answer(cells, documents),
        annotation=annotation,
        reference={**known, **{name: value for name, value in expected.items() if value or name in known}},
        group=text_of(cells.get(Column.INDEX)),
        author=text_of(cells.get(Column.AUTHOR)),
        faults=faults,
    )


def _answer(cells: Mapping[str, Any], documents: list[dict[str, Any]]) -> Any:
    """Return the answer as it was sent, or one put together from its columns; None for none.

    A line that holds its whole request holds its whole answer too, of any shape.
    """
    sent = cells.get(Column.ANSWER)
    if isinstance(cells.get(Column.REQUEST), dict) or (sent is not None and not isinstance(sent, str)):
        return sent
    status = text_of(cells.get(Column.STATUS)).lower()
    text, error = text_of(sent), _nested(cells.get(Column.ERROR))
    if not text and not error and status not in (ItemStatus.ERROR, ItemStatus.TIMEOUT):
        return None
    answer: dict[str, Any] = {"body": text}
    if status in ItemStatus.values:
        answer["status"] = status
    if documents:
        answer["docs"] = documents
    elapsed = text_of(cells.get(Column.ELAPSED_MS))
    if elapsed.isdecimal() and len(elapsed) < 10:
        answer["elapsed_ms"] = int(elapsed)
    return {**answer, "error": error} if error else answer


def _annotation(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of an answer, whole or from its columns; empty for nothing."""
    whole = _nested(cells.get(Column.ANNOTATION))
    if isinstance(whole, dict):
        return whole
    others = _nested(cells.get(Column.OTHER_SECTIONS))
    said: dict[str, Any] = {}
    if isinstance(others, dict):
        said = {name: dict(section) if isinstance(section, dict) else section for name, section in others.items()}
    rating = text_of(cells.get(Column.RATING))
    places = [
        (OVERALL, "rating", RATINGS.get(rating.casefold(), rating)),
        (OVERALL, "comment", text_of(cells.get(Column.COMMENT))),
        *(
            (section, what, (several_of if what == "issues" else text_of)(cells.get(column)))
            for column, (section, what) in SECTION_COLUMNS.items()
        ),
    ]
    for section, what, value in places:
        if value and isinstance(said.setdefault(section, {}), dict):
            said[section][what] = str(value) if isinstance(value, Rating) else value
    return said


def _nested(value: Any) -> Any:
    """Return a value that may be written as JSON in a cell; a text that is none stays as it is."""
    try:
        return loads(value.encode()) if is_json(value) else value
    except ParseError:
        return value
