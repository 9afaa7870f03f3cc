"""The two tokens of sharing: of a link, and of a participant in its room."""

import base64
import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Self
from uuid import UUID

from django.conf import settings

from accounts.tokens import keyed_hash
from sharing.exceptions import ShareNotFound

SECRET_BYTES = 16
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class ShareToken:
    """The token of a link: 128 random bits, and the team under a mask that only we can lift.

    The team stands in it so that the link is looked up inside the scope; visitors learn nothing of it.
    """

    text: str
    team_id: UUID

    @classmethod
    def new(cls, team_id: UUID) -> Self:
        secret = secrets.token_bytes(SECRET_BYTES)
        text = base64.urlsafe_b64encode(secret + _masked(team_id.bytes, secret)).decode().rstrip("=")
        return cls(text, team_id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a token apart; raise `ShareNotFound` on anything that cannot be one."""
        if not TOKEN.fullmatch(text):
            raise ShareNotFound()
        data = base64.urlsafe_b64decode(f"{text}=")
        secret, masked = data[:SECRET_BYTES], data[SECRET_BYTES:]
        return cls(text, UUID(bytes=_masked(masked, secret)))

    @property
    def hash(self) -> str:
        return keyed_hash("share", self.text)


def _masked(team: bytes, secret: bytes) -> bytes:
    mask = hmac.digest(settings.TOKEN_PEPPER.encode(), b"share-team:" + secret, sha256)
    return bytes(part ^ over for part, over in zip(team, mask, strict=False))


def new_participant_token() -> str:
    """Return a new token of a participant, 192 random bits."""
    return secrets.token_urlsafe(24)


def participant_hash(token: str) -> str:
    """Return what is kept of a participant's token."""
    return keyed_hash("participant", token)
