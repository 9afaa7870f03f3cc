"""When two JSON values say the same."""

from typing import Any


def is_same_json(one: Any, other: Any) -> bool:
    """Compare as JSON does: `true` is no `1`, which Python takes for the same; keys have no order."""
    return bool(one == other) and _has_same_booleans(one, other)


def _has_same_booleans(one: Any, other: Any) -> bool:
    """Tell whether values that are equal for Python are so in their booleans, too."""
    if isinstance(one, dict):
        return all(_has_same_booleans(inner, other[name]) for name, inner in one.items())
    if isinstance(one, list):
        return all(map(_has_same_booleans, one, other))
    return isinstance(one, bool) == isinstance(other, bool)
