"""Names of what is said of answers; what the rubric does not list is its own name."""

import json
from typing import Any, Final

from django import template

from benchsessions.rubric import ISSUES, SECTIONS, Rating

register = template.Library()
NAMES: Final = {code: name for issues in ISSUES.values() for code, name in issues.items()}


@register.filter
def rating_name(rating: str) -> str:
    """Name a rating."""
    return str(Rating(rating).label) if rating in Rating.values else rating


@register.filter
def rating_kind(rating: str) -> str:
    """Return what a rating is dressed as: its code where the scale has it, else `other`."""
    return rating if rating in Rating.values else "other"


@register.filter
def issue_name(code: str) -> str:
    """Name an issue."""
    return str(NAMES.get(code, code))


@register.filter
def section_name(code: str) -> str:
    """Name a section of an annotation."""
    return str(SECTIONS.get(code, code))


@register.filter
def number(index: int) -> int:
    """Return the number by which people know a question: they count from one."""
    return index + 1


@register.filter
def as_json(value: Any) -> str:
    """Write a value as JSON, for an attribute that a script reads."""
    return json.dumps(value, ensure_ascii=False)
