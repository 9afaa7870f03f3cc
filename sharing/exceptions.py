"""Refusals of share links."""

from tenants.exceptions import Forbidden, Invalid, NotFound, ParleyError


class ShareNotFound(NotFound):
    code = "SHARE_NOT_FOUND"
    sentence = "There is no such link."


class ShareGone(ParleyError):
    """The link was valid once; `code` and sentence say only what its visitors may know."""

    status = 410
    code = "SHARE_GONE"
    sentence = "This link is no longer valid."


class ShareFull(ParleyError):
    status = 429
    code = "SHARE_FULL"
    sentence = "As many people as this link allows are here. Try again in a moment."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5"})


class PasswordRequired(Forbidden):
    code = "PASSWORD_REQUIRED"
    sentence = "This link asks for a password."


class WrongPassword(Forbidden):
    code = "WRONG_PASSWORD"
    sentence = "This is not the password of this link."


class NameRequired(Invalid):
    code = "NAME_REQUIRED"
    sentence = "Say your name to come in."


class JoinFirst(Forbidden):
    code = "JOIN_FIRST"
    sentence = "Join first."


class ShareReadOnly(Forbidden):
    code = "SHARE_READ_ONLY"
    sentence = "Visitors of this link may read along, not write."


class ShareUsedUp(ParleyError):
    status = 429
    code = "SHARE_USED_UP"
    sentence = "As many messages as this link allows have been sent."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "3600"})


class ShareCannotAnswer(ParleyError):
    """The agent cannot be asked, for whatever reason: a quota, a pause, no agent. Visitors learn which from nothing."""

    status = 503
    code = "SHARE_CANNOT_ANSWER"
    sentence = "The agent cannot answer right now. Try again later."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "60"})


class SharingOff(Forbidden):
    code = "SHARING_OFF"
    sentence = "Your team does not allow chats to be shared by link."


class ForkNotAllowed(Forbidden):
    code = "FORK_NOT_ALLOWED"
    sentence = "This conversation may not be copied."
