"""The tokens an answer took, by any of the names that back ends have for them."""

from typing import Any, Final

from agents.wire.events import Event, Usage

COUNTS: Final = (
    ("prompt_tokens", "completion_tokens"),
    ("input_tokens", "output_tokens"),
    ("inputTokens", "outputTokens"),
    ("prompt_eval_count", "eval_count"),
)
MAX_MODELS: Final = 100


def usage_in(value: Any) -> list[Event]:
    """Return the tokens that an object counts, or a list of them together, if any are counted."""
    if not value:
        return []
    models = value[:MAX_MODELS] if isinstance(value, list) else [value]
    counted = [counts for model in models if (counts := _counts(model)) != (None, None)]
    if not counted:
        return []
    prompt, completion = (_together(side) for side in zip(*counted, strict=True))
    return [Usage(prompt, completion)]


def _counts(value: Any) -> tuple[int | None, int | None]:
    for prompt, completion in COUNTS if isinstance(value, dict) else ():
        if prompt in value or completion in value:
            return _count(value.get(prompt)), _count(value.get(completion))
    return None, None


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**31 else None


def _together(counts: tuple[int | None, ...]) -> int | None:
    known = [count for count in counts if count is not None]
    return _count(sum(known)) if known else None
