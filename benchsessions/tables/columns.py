"""What a column of a table may hold: its name in our own tables, and what people call it in theirs."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from django.db.models import TextChoices
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from benchsessions.rubric import SECTIONS


class Column(TextChoices):
    """Columns in the order of an export. `index` says which rows are about the same question.

    Those from `REQUEST` on hold objects, as JSON or as a nested value; an answer and a reference may be one, too.
    """

    INDEX = "index", _("Number")
    QUESTION = "question", _("Question")
    WITH_DOCS = "with_docs", _("With documents")
    STATUS = "status", _("Status")
    ANSWER = "answer", _("Answer")
    DOCUMENTS = "documents", _("Documents of the answer")
    ELAPSED_MS = "elapsed_ms", _("Milliseconds")
    ERROR = "error", _("Error")
    RATING = "rating", _("Rating")
    COMMENT = "comment", _("Comment")
    AUTHOR = "author", _("Author")
    REVIEWED_AT = "reviewed_at", _("Reviewed at")
    REFERENCE_ANSWER = "reference_answer", _("Reference answer")
    EXPECTED_DOCUMENTS = "expected_documents", _("Expected documents")
    TAGS = "tags", _("Tags")
    EXTERNAL_ID = "external_id", _("Own id")
    REQUEST = "request", _("Whole request")
    ANNOTATION = "annotation", _("Whole annotation")
    OTHER_SECTIONS = "other_sections", _("Other sections")


# `body_research_issues` → the section and what of it the column holds.
SECTION_COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    f"{section}_{what}": (section, what) for section in SECTIONS for what in ("issues", "comment")
}
OF_QUESTIONS: Final = (
    Column.QUESTION,
    Column.REFERENCE_ANSWER,
    Column.EXPECTED_DOCUMENTS,
    Column.TAGS,
    Column.EXTERNAL_ID,
    Column.WITH_DOCS,
)
OF_SESSIONS: Final = (*Column.values, *SECTION_COLUMNS)
LABELS: Final[Mapping[str, object]] = {
    **dict(Column.choices),
    **{f"{section}_issues": format_lazy("{}: {}", label, _("issues")) for section, label in SECTIONS.items()},
    **{f"{section}_comment": format_lazy("{}: {}", label, _("comment")) for section, label in SECTIONS.items()},
}


def told(faults: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return faults with the names of their columns as people know them."""
    return [(str(LABELS.get(column, column)), sentence) for column, sentence in faults]


# As people head them, in small letters; the name itself and its label are known anyway.
ALSO: Final[Mapping[str, str]] = {
    Column.INDEX: "№|#|n|no|num|number|номер|номер вопроса|п/п|№ п/п",
    Column.QUESTION: "questions|query|prompt|body|input|user input|text|вопрос|вопросы|запрос|текст вопроса|текст",
    Column.WITH_DOCS: "docs needed|с документами|нужны документы",
    Column.STATUS: "статус|состояние",
    Column.ANSWER: "actual answer|response|output|ответ|ответ модели|ответ системы|фактический ответ",
    Column.DOCUMENTS: "docs|sources|context|найденные документы|источники|документы ответа",
    Column.ELAPSED_MS: "elapsed|latency|latency ms|ms|время|время ответа|мс",
    Column.ERROR: "ошибка",
    Column.RATING: "verdict|grade|score|оценка|вердикт",
    Column.COMMENT: "comments|note|notes|комментарий|комментарии|примечание",
    Column.AUTHOR: "reviewer|автор|эксперт",
    Column.REVIEWED_AT: "reviewed|rated at|дата оценки|оценено",
    Column.REFERENCE_ANSWER: (
        "reference|expected|expected answer|expected output|golden|ground truth|gold|ideal answer"
        "|эталон|эталонный ответ|ожидаемый ответ|правильный ответ|верный ответ"
    ),
    Column.EXPECTED_DOCUMENTS: "expected docs|reference documents|ожидаемые документы|эталонные документы|документы",
    Column.TAGS: "tag|labels|topic|category|теги|тег|метки|тема|категория|раздел",
    Column.EXTERNAL_ID: "id|external|key|question id|ид|ид вопроса|идентификатор|код",
}
KNOWN: Final[Mapping[str, str]] = {
    name: column for column, names in ALSO.items() for name in [str(column).replace("_", " "), *names.split("|")]
} | {name.replace("_", " "): name for name in OF_SESSIONS if name not in ALSO}
# Where a table is of questions alone, these mean something else than beside answers.
ONLY_QUESTIONS: Final[Mapping[str, str]] = {
    Column.ANSWER: Column.REFERENCE_ANSWER,
    Column.DOCUMENTS: Column.EXPECTED_DOCUMENTS,
}


def column_named(heading: str) -> str | None:
    """Return which column a heading means, None for none that we know."""
    plain = " ".join(re.sub(r"[_\s]+", " ", heading.casefold().replace("ё", "е")).split())
    return KNOWN.get(plain.rstrip(" :.?*"))


def guess(headings: Sequence[str], allowed: Sequence[str]) -> list[str]:
    """Return for each heading the column it most likely is, empty for none; no column twice.

    Where no heading means the question, it is the first that means nothing else.
    """
    taken: list[str] = []
    for heading in headings:
        column = column_named(heading) or ""
        if column not in allowed:
            column = ONLY_QUESTIONS.get(column, "")
        taken.append(column if column in allowed and column not in taken else "")
    if Column.QUESTION not in taken and Column.REQUEST not in taken and "" in taken:
        taken[taken.index("")] = Column.QUESTION
    return taken
