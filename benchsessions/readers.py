"""For whom a page was drawn: by the time it asks for something, somebody else may have signed in, in another tab."""

from typing import Final

from accounts.models import User
from benchsessions.exceptions import SignedInAsAnother
from benchsessions.queries import analyst_of

# What its forms, and its scripts, say of it: the id of an analyst.
FIELD: Final = "viewer"
HEADER: Final = "X-Analyst-Id"


def check_reader(user: User, drawn_for: str | None) -> None:
    """Raise `SignedInAsAnother` unless who is signed in is the one that a page was drawn for, if it says for whom."""
    if drawn_for is not None and drawn_for != str(analyst_of(user).id):
        raise SignedInAsAnother(str(user))
