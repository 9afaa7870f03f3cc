"""Which issues answers had, by the annotations that count."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from benchsessions.models import Annotation, BenchSession
from benchsessions.rubric import ISSUES, SECTIONS, STAGES
from tenants.charts import percent

LONGEST_LIST: Final = 30
STAGE_OF: Final = {code: stage for stage, codes in ISSUES.items() for code in codes}
LABELS: Final = {code: label for codes in ISSUES.values() for code, label in codes.items()}
# How both databases write a list of issues that is not empty; other annotations are not read.
NAMED: Final = '"issues": ["'
CHUNK: Final = 2_000


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, or what issues are grouped by: how many answers have it, its share of all, that with those before, and
    how long its bar is.

    `code` is empty for what stands in no list of ours.
    """

    code: str
    label: str
    stage: str
    answers: int
    percent: float
    cumulative: float
    width: str


@dataclass(frozen=True, slots=True)
class Issues:
    """The issues by frequency, at most `LONGEST_LIST` and how many are left out; `answers` have at least one."""

    answers: int
    named: int
    listed: Sequence[Issue]
    left_out: int
    stages: Sequence[Issue]
    sections: Sequence[Issue]


def issues_in(sessions: QuerySet[BenchSession]) -> Issues:
    """Count the issues of sessions; one that several people or sections name on an answer counts once for it.

    An annotation counts if its rating is the verdict that counts, and where there is none, if it is no second opinion.
    """
    codes: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    sections: Counter[str] = Counter()
    answers = 0
    for _item, annotations in groupby(_annotations_of(sessions), key=lambda row: row[0]):
        named = {pair for _id, data in annotations for pair in _named_in(data)}
        if named:
            answers += 1
            codes.update({code for _section, code in named})
            stages.update({STAGE_OF.get(code, "") for _section, code in named})
            sections.update({section for section, _code in named})
    listed = _ranked(codes, {code: str(label) for code, label in LABELS.items()})
    stage_labels = {"": _("Not in our list")} | {stage: str(label) for stage, label in STAGES.items()}
    return Issues(
        answers=answers,
        named=codes.total(),
        listed=listed[:LONGEST_LIST],
        left_out=len(listed[LONGEST_LIST:]),
        stages=_ranked(stages, stage_labels),
        sections=_ranked(sections, {name: str(label) for name, label in SECTIONS.items()}),
    )


def _annotations_of(sessions: QuerySet[BenchSession]) -> Iterator[tuple[UUID, Any]]:
    """Give the annotations that count and name an issue, those of one item together."""
    is_verdict = Q(rating=F("item__verdict")) & (Q(is_second=False) | ~Q(item__decided_rating=""))
    of_sessions = Annotation.objects.filter(session__in=sessions.order_by().values("id"))
    counting = of_sessions.filter(is_verdict | Q(item__verdict="", is_second=False))
    naming = counting.annotate(text=Cast("data", TextField())).filter(text__contains=NAMED)
    yield from naming.order_by("item_id").values_list("item_id", "data").iterator(CHUNK)


def _named_in(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for section, said in data.items():
        issues = said.get("issues") if isinstance(said, dict) else None
        yield from ((section, issue) for issue in issues or () if isinstance(issue, str))


def _ranked(counted: Counter[str], labels: dict[str, str]) -> list[Issue]:
    """Return what was counted, the most frequent first."""
    total, most, before, ranked = counted.total(), max(counted.values(), default=0), 0, []
    for code, answers in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])):
        before += answers
        stage = str(STAGES.get(STAGE_OF.get(code, ""), ""))
        shares = 100 * answers / total, 100 * before / total
        ranked.append(Issue(code, labels.get(code, code), stage, answers, *shares, percent(answers, most)))
    return ranked
