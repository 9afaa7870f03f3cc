"""Refusing what is wrong with something large: every place by its path, and never more of them than one reads."""

from collections.abc import Iterable
from itertools import islice

from tenants.exceptions import MOST_ERRORS, Invalid

Fault = tuple[str, str]  # the path, and a sentence


def refuse(faults: Iterable[Fault], sentence: str | None = None) -> None:
    """Raise `Invalid` if there is any fault; no more are looked for than are told."""
    if wrong := dict(islice(faults, MOST_ERRORS)):
        raise Invalid(sentence, errors={path: [fault] for path, fault in wrong.items()})
