"""Characters that no database of ours can hold: NUL, and half of a surrogate pair."""

import re
from collections.abc import Iterator
from typing import Any, Final

from django.utils.translation import gettext as _

from benchsessions.faults import refuse
from tenants.exceptions import Invalid

UNKEEPABLE: Final = re.compile("[\x00\ud800-\udfff]")
INSTEAD: Final = "\ufffd"


def cleaned(value: Any) -> tuple[Any, int]:
    """Return a JSON value with U+FFFD in place of each such character, and how many there were.

    Raises `Invalid` where that would make one key of two.
    """
    if isinstance(value, str):
        return UNKEEPABLE.subn(INSTEAD, value)
    if isinstance(value, list):
        parts = [cleaned(inner) for inner in value]
        return [part for part, _n in parts], sum(n for _part, n in parts)
    if isinstance(value, dict):
        pairs = [(cleaned(name), cleaned(inner)) for name, inner in value.items()]
        clean = {name: inner for (name, _n), (inner, _m) in pairs}
        if len(clean) < len(value):
            raise Invalid(_("Two keys of an object differ only in characters that cannot be stored."))
        return clean, sum(n + m for (_name, n), (_inner, m) in pairs)
    return value, 0


def check_characters(value: Any, path: str) -> None:
    """Raise `Invalid` with the paths of texts and keys that cannot be stored."""
    sentence = _("A text holds a character that cannot be stored: NUL, or half of a surrogate pair.")
    refuse((place, sentence) for place in _unkeepable(value, path))


def _unkeepable(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str):
        if UNKEEPABLE.search(value):
            yield path
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unkeepable(inner, f"{path}.{index}")
    elif isinstance(value, dict):
        for name, inner in value.items():
            place = ".".join(filter(None, [path, UNKEEPABLE.sub(INSTEAD, name)[:100]]))
            if UNKEEPABLE.search(name):
                yield place
            yield from _unkeepable(inner, place)
