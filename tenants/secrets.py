"""Secrets at rest: sealed with a key from the environment and bound to the place they are kept in."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

MARK = "v1:"


class UnreadableSecret(RuntimeError):
    """A sealed secret does not open: a key is missing, or it was moved from another row."""


def seal(secret: str, *, place: str) -> str:
    """Encrypt a secret for one place (team, model, row and field in one text); empty stays empty."""
    if not secret:
        return ""
    return MARK + _box().encrypt(f"{place}\n{secret}".encode()).decode()


def unseal(sealed: str, *, place: str) -> str:
    """Decrypt a secret; raise `UnreadableSecret` rather than answer with anything else."""
    if not sealed:
        return ""
    return _open(sealed, place)


def mask(secret: str) -> str | None:
    """Return what may be shown of a secret: dots and its last four characters, None for none."""
    return f"••••••••{secret[-4:] if len(secret) >= 8 else ''}" if secret else None


def _open(sealed: str, place: str) -> str:
    try:
        opened = _box().decrypt(sealed.removeprefix(MARK).encode()).decode()
    except InvalidToken:
        raise UnreadableSecret("No key in FIELD_KEYS opens this secret.") from None
    bound_to, _, secret = opened.partition("\n")
    if bound_to != place:
        raise UnreadableSecret("The secret was sealed for another place.")
    return secret


def _box() -> MultiFernet:
    digests = (hashlib.sha256(key.encode()).digest() for key in settings.FIELD_KEYS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
