"""The tokens of links that are sent by mail: of invitations and of password resets.

The team stands in each token, so that it is looked up inside the scope.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse

from accounts.exceptions import InvitationInvalid, ResetLinkInvalid
from accounts.models import User
from accounts.tokens import keyed_hash

HEX_ID: Final = "[0-9a-f]{32}"
INVITATION: Final = re.compile(rf"({HEX_ID})\.([0-9a-f]{{64}})")
RESET: Final = re.compile(rf"({HEX_ID})\.({HEX_ID})/([0-9a-z]{{1,13}}-[0-9a-f]{{1,64}})")


def absolute(view: str, *args: str) -> str:
    """Return the address of a page for a mail: from `BASE_URL`, never from what a request says of its host."""
    return f"{settings.BASE_URL}{reverse(view, args=args)}"


@dataclass(frozen=True, slots=True)
class InvitationToken:
    """The token of an invitation, `<team>.<secret>`; only a keyed hash of the secret is stored."""

    team_id: UUID
    secret: str

    @classmethod
    def new(cls, team_id: UUID) -> Self:
        return cls(team_id, secrets.token_hex(32))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a token apart; raise `InvitationInvalid` on anything that cannot be one."""
        match = INVITATION.fullmatch(text)
        if match is None:
            raise InvitationInvalid()
        return cls(UUID(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.team_id.hex}.{self.secret}"

    @property
    def hash(self) -> str:
        return keyed_hash("invitation", self.secret)

    @property
    def link(self) -> str:
        return absolute("join-link", str(self))


def _signer() -> PasswordResetTokenGenerator:
    """Return Django's signer of resets with a key of our own; a new password, e-mail or sign-in ends what it signed."""
    signer = PasswordResetTokenGenerator()
    signer.key_salt = "accounts.links.password-reset"
    signer.secret = keyed_hash("password-reset", "signing key")
    signer.secret_fallbacks = []
    return signer


@dataclass(frozen=True, slots=True)
class ResetToken:
    """The token of a password reset, `<team>.<person>/<signature>`; nothing of it is stored."""

    team_id: UUID
    user_id: UUID
    signature: str

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(user.team_id, user.id, _signer().make_token(user))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a token apart; raise `ResetLinkInvalid` on anything that cannot be one."""
        match = RESET.fullmatch(text)
        if match is None:
            raise ResetLinkInvalid()
        return cls(UUID(match[1]), UUID(match[2]), match[3])

    def fits(self, user: User) -> bool:
        """Tell whether the signature is ours, in time, and made for the person as they are now."""
        return _signer().check_token(user, self.signature)

    @property
    def ids(self) -> str:
        return f"{self.team_id.hex}.{self.user_id.hex}"

    @property
    def link(self) -> str:
        return absolute("reset-link", self.ids, self.signature)
