"""The form in which somebody judges an answer: what it shows of an annotation, and what it says."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from django.http import QueryDict

from benchsessions.merging import written_over
from benchsessions.rubric import ISSUES, OVERALL, SECTIONS, STAGES, STAGES_OF, Rating
from benchsessions.sections import rating_of

UNLISTED: Final = ""  # the stage of issues that the rubric does not list


class Choice(NamedTuple):
    """Something to tick, and the digit that does it."""

    code: str
    name: str
    digit: int
    is_chosen: bool


class Stage(NamedTuple):
    """Issues of one stage; unlisted ones have no name."""

    name: str
    issues: list[Choice]


class Section(NamedTuple):
    """A part of an answer that is judged by issues."""

    code: str
    name: str
    stages: list[Stage]
    comment: str


class Judgement(NamedTuple):
    """All that the form shows."""

    rating: str
    ratings: list[Choice]
    comment: str
    sections: list[Section]


def judgement(data: dict[str, Any] | None) -> Judgement:
    """Return what the form shows of an annotation; a rating or issue that nobody knows is shown as it is."""
    said = data or {}
    rating = rating_of(data)
    ratings = [
        Choice(value, str(label), digit, value == rating)
        for digit, (value, label) in enumerate(Rating.choices, start=1)
    ]
    if rating and rating not in Rating.values:
        ratings.append(Choice(rating, rating, digit=0, is_chosen=True))
    names = [*SECTIONS, *(name for name in said if name != OVERALL and name not in SECTIONS)]
    sections = [_section(name, said.get(name, {})) for name in names]
    return Judgement(rating, ratings, said.get(OVERALL, {}).get("comment") or "", sections)


def said_in(form: QueryDict, standing: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what a filled form makes of an annotation; it is yet to be checked."""
    sections = [
        (name, [_lines(issue) for issue in form.getlist(f"{name}-issues")], _lines(form.get(f"{name}-comment", "")))
        for name in form.getlist("section")
    ]
    rating, comment = form.get("rating", ""), _lines(form.get("comment", ""))
    return written_over(standing, rating=rating, comment=comment, sections=sections)


def _section(code: str, said: dict[str, Any]) -> Section:
    chosen = list(said.get("issues") or [])
    stages = [_stage(str(STAGES[stage]), ISSUES[stage], chosen) for stage in STAGES_OF.get(code, ())]
    listed = {issue.code for stage in stages for issue in stage.issues}
    unlisted = {issue: issue for issue in chosen if issue not in listed}
    if unlisted:
        stages.append(_stage(UNLISTED, unlisted, chosen))
    return Section(code, str(SECTIONS.get(code, code)), stages, said.get("comment") or "")


def _stage(name: str, issues: Any, chosen: list[str]) -> Stage:
    return Stage(name, list(_choices(issues, chosen)))


def _choices(issues: Any, chosen: list[str]) -> Iterator[Choice]:
    for digit, (code, name) in enumerate(issues.items(), start=1):
        yield Choice(code, str(name), digit, code in chosen)


def _lines(text: str) -> str:
    """Return a text with the line ends that scripts send, where a form's are others, and without NUL."""
    return text.replace("\r\n", "\n").replace("\0", "")
