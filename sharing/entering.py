"""The one way into a room, for pages and programs: the password, a name, then a place."""

import unicodedata
from typing import Final

from accounts.hashers import MAX_PASSWORD_CHARS
from accounts.limits import count_share_join, count_share_password
from chats.models import GUEST_NAME_CHARS
from sharing import leases
from sharing.exceptions import NameRequired, PasswordRequired, WrongPassword
from sharing.forgetting import forget_visitors
from sharing.leases import Seat
from sharing.visits import Visit
from tenants.exceptions import Invalid, ParleyError

# Nothing that breaks a line or turns its direction; joiners inside a word and of emoji are part of a name.
_UNWANTED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
# Letters and a symbol that show nothing: the fillers of Hangul, and Braille without a dot.
_BLANK: Final = "\u115f\u1160\u3164\uffa0\u2800"


def enter(visit: Visit, *, name: str = "", password: str = "", may_wait: bool = False) -> Seat:
    """Take a place, keep the one there is, or with `may_wait` line up.

    Raises `PasswordRequired`, `WrongPassword`, `TooManyRequests`, `NameRequired`, `Invalid` for a name that is too
    long, and what `leases.join` raises. Whoever said the password is not asked again until they leave. Call it in the
    scope of the link's team and outside of a transaction.
    """
    must_prove = needs_password(visit)
    if must_prove and not password:
        raise PasswordRequired()
    name = clean_name(name)
    if needs_name(visit) and not name:
        raise NameRequired()
    if must_prove:
        _prove(visit, password)
    return _join(visit, name, may_wait=may_wait)


def _join(visit: Visit, name: str, *, may_wait: bool) -> Seat:
    """Take a place; who is new is counted, each leaves a row behind. Being refused leaves none and costs nothing."""
    if visit.participant is not None:
        return leases.join(visit.share, token=visit.token, name=name, may_wait=may_wait)
    counted = count_share_join(address=visit.address)
    try:
        seat = leases.join(visit.share, name=name, address=visit.address, may_wait=may_wait)
    except ParleyError:
        counted.forgive()
        raise
    if counted.is_first:
        forget_visitors(visit.share)
    return seat


def needs_password(visit: Visit) -> bool:
    """Tell whether somebody must say the link's password to come in."""
    return bool(visit.share.password_hash) and not is_known(visit)


def needs_name(visit: Visit) -> bool:
    """Tell whether somebody must say their name to come in."""
    return visit.share.asks_name and not (visit.participant and visit.participant.name)


def is_known(visit: Visit) -> bool:
    """Tell whether somebody came in or lined up before and has not left, even if their place is gone by now."""
    return visit.participant is not None and visit.participant.left_at is None


def was_let_in(visit: Visit) -> bool:
    """Tell whether somebody has seen the room from inside and has not left, even if their place is gone by now."""
    return is_known(visit) and visit.participant is not None and visit.participant.came_at is not None


def clean_name(text: str) -> str:
    """Return a visitor's name in one line; nothing if no character of it shows."""
    kept = (char for char in text if char.isspace() or char in _JOINERS or unicodedata.category(char) not in _UNWANTED)
    name = " ".join("".join(kept).split())
    if len(name) > GUEST_NAME_CHARS:
        sentence = f"A name has at most {GUEST_NAME_CHARS} characters."
        raise Invalid(sentence, errors={"display_name": [sentence]})
    return name if any(char not in _BLANK and unicodedata.category(char)[0] in "LNPS" for char in name) else ""


def _prove(visit: Visit, password: str) -> None:
    """Count the try first: tries at the same moment would all pass a check that comes before the count."""
    attempt = count_share_password(share_id=visit.share.id, address=visit.address)
    if len(password) > MAX_PASSWORD_CHARS or not visit.share.has_password(password):
        raise WrongPassword()
    attempt.forgive()
