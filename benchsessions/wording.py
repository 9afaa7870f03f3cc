"""What a question of a set says, checked the same wherever it comes from: a file, a page, the API."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

QUESTION_CHARS: Final = 8_000
REFERENCE_CHARS: Final = 20_000
ID_CHARS: Final = 200
MOST_DOCUMENTS: Final = 50
DOCUMENT_CHARS: Final = 500
MOST_TAGS: Final = 20
TAG_CHARS: Final = 64


@dataclass(frozen=True, slots=True)
class Wording:
    """A question, and what a good answer to it has."""

    body: str
    with_docs: bool = True
    reference_answer: str = ""
    expected_documents: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    external_id: str = ""

    def as_fields(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def mark(self) -> str:
        """What changes as soon as anything of it does."""
        return hashlib.sha256(json.dumps(self.as_fields()).encode()).hexdigest()

    def faults(self) -> Iterator[tuple[str, str]]:
        """Give what is wrong: the field, and a sentence."""
        if not self.body.strip():
            yield "body", _("There is no question.")
        for name, most in (
            ("body", QUESTION_CHARS),
            ("reference_answer", REFERENCE_CHARS),
            ("external_id", ID_CHARS),
        ):
            if len(getattr(self, name)) > most:
                yield name, _("At most %(most)d characters.") % {"most": most}
        for name, count, most in (
            ("expected_documents", MOST_DOCUMENTS, DOCUMENT_CHARS),
            ("tags", MOST_TAGS, TAG_CHARS),
        ):
            values = getattr(self, name)
            if len(values) > count or any(len(value) > most for value in values):
                yield (
                    name,
                    _("At most %(count)d, each of at most %(most)d characters.") % {"count": count, "most": most},
                )


def faults_of(questions: Sequence[Wording]) -> Iterator[tuple[int, str, str]]:
    """Give what is wrong with a list of questions: the place in it, the field, and a sentence."""
    seen: set[str] = set()
    for place, question in enumerate(questions):
        yield from ((place, name, sentence) for name, sentence in question.faults())
        if question.external_id and question.external_id in seen:
            yield place, "external_id", _("Another question has this id.")
        seen.add(question.external_id)


def number_fault(count: int) -> str | None:
    """Return what is wrong with how many questions there are, None for nothing."""
    if not count:
        return _("There is no question in it.")
    most = settings.BENCH_MAX_QUESTIONS
    return (
        _("At most %(most)d questions; there are %(count)d.") % {"most": most, "count": count} if count > most else None
    )
