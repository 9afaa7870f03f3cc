"""What an annotation holds: section → what is said of it. Checked on the way in, kept as sent.

Limits are those of `docs/bench.md`. Unknown sections and keys are kept.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from django.utils.translation import gettext as _

from benchsessions.faults import Fault, refuse
from benchsessions.models.sessions import RATING_CHARS
from benchsessions.rubric import OVERALL

MOST_SECTIONS: Final = 16
MOST_BYTES: Final = 16 * 1024
MOST_DEPTH: Final = 8
COMMENT_CHARS: Final = 4000
MOST_ISSUES: Final = 20
ISSUE_CHARS: Final = 64
SECTION_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
INDEX: Final = re.compile(r"0|[1-9][0-9]{0,5}")


def rating_of(data: dict[str, Any] | None) -> str:
    """Return the overall rating in an annotation's data, empty for none."""
    overall = (data or {}).get(OVERALL)
    rating = overall.get("rating") if isinstance(overall, dict) else None
    return rating if isinstance(rating, str) else ""


def read_annotation(value: Any, path: str) -> dict[str, Any]:
    """Return one annotation as it is kept; raise `Invalid` with the path of what is wrong.

    Issues named twice stand once, in their order; all else is kept as sent.
    """
    refuse(_faults(value, path))
    return _as_kept(value)


def read_annotations(value: Any, count: int, path: str = "annotations") -> dict[int, dict[str, Any]]:
    """Return the annotations of a session with `count` questions, by index; raise `Invalid` with what is wrong."""
    refuse(_faults_of_all(value, count, path))
    return {int(index): _as_kept(data) for index, data in value.items()}


def lists_with_doubles(annotations: dict[str, Any], path: str) -> Iterator[str]:
    """Give the paths of the lists of issues, in good annotations as they were sent, that name one twice."""
    for index, data in annotations.items():
        for name, section in data.items():
            issues = section.get("issues") or []
            if len(set(issues)) < len(issues):
                yield f"{path}.{index}.{name}.issues"


def _as_kept(data: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, section in data.items():
        issues = section.get("issues")
        read[name] = {**section, "issues": list(dict.fromkeys(issues))} if issues else section
    return read


def _faults_of_all(value: Any, count: int, path: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield path, _("This must be an object of question indexes.")
        return
    for index, data in value.items():
        place = f"{path}.{index[:70]}"
        if not INDEX.fullmatch(index) or int(index) >= count:
            yield place, _("No question has this index.")
        else:
            yield from _faults(data, place)


def _faults(value: Any, path: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield path, _("This must be an object of sections.")
        return
    if len(value) > MOST_SECTIONS:
        yield path, _("At most %(most)d sections.") % {"most": MOST_SECTIONS}
    if _depth(value) > MOST_DEPTH:
        yield path, _("This is nested too deeply.")
    elif len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) > MOST_BYTES:
        yield path, _("At most %(most)d KB.") % {"most": MOST_BYTES // 1024}
    for name, section in value.items():
        if not SECTION_NAME.fullmatch(name):
            yield f"{path}.{name[:70]}", _("A section is named with small letters, digits and underscores.")
        elif not isinstance(section, dict):
            yield f"{path}.{name}", _("This must be an object.")
        else:
            yield from _section_faults(section, f"{path}.{name}")


def _section_faults(section: dict[str, Any], path: str) -> Iterator[Fault]:
    rating, comment, issues = section.get("rating"), section.get("comment"), section.get("issues")
    if not (rating is None or (isinstance(rating, str) and len(rating) <= RATING_CHARS)):
        yield (
            f"{path}.rating",
            _("This must be a text of at most %(most)d characters.") % {"most": RATING_CHARS},
        )
    if not (comment is None or (isinstance(comment, str) and len(comment) <= COMMENT_CHARS)):
        yield f"{path}.comment", _("This must be a text of at most %(most)d characters.") % {"most": COMMENT_CHARS}
    if issues is None:
        return
    if not isinstance(issues, list) or len(issues) > MOST_ISSUES:
        yield f"{path}.issues", _("This must be a list of at most %(most)d issues.") % {"most": MOST_ISSUES}
    elif not all(isinstance(issue, str) and 0 < len(issue) <= ISSUE_CHARS for issue in issues):
        yield f"{path}.issues", _("An issue is a text of at most %(most)d characters.") % {"most": ISSUE_CHARS}


def _depth(value: Any) -> int:
    """Return how many objects and lists stand within each other, no further than what is too deep."""
    level, depth = [value], 0
    while depth <= MOST_DEPTH and (holders := [outer for outer in level if isinstance(outer, dict | list)]):
        level = [inner for outer in holders for inner in (outer.values() if isinstance(outer, dict) else outer)]
        depth += 1
    return depth
