"""Searching texts in any alphabet, on every database."""

from django.db.models import Q


def holds(field: str, text: str) -> Q:
    """Match rows whose field holds a text; SQLite compares letters but those of English as they are."""
    condition = Q()
    for spelling in sorted({text, text.lower(), text.upper(), text.capitalize()}):
        condition |= Q(**{f"{field}__icontains": spelling})
    return condition
