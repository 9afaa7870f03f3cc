"""Refusals of chats."""

from tenants.exceptions import Conflict, Forbidden, Invalid, NotFound, ParleyError, TooLarge


class RunInProgress(Conflict):
    code = "RUN_IN_PROGRESS"
    sentence = "An answer is still being written. Wait for it or stop it first."


class NoAgent(Conflict):
    code = "AGENT_UNAVAILABLE"
    sentence = "The agent of this chat is no longer available to you. Start a new chat with another one."


class ReadOnly(Forbidden):
    code = "CHAT_READ_ONLY"
    sentence = "You may read this chat, but not take part. Ask its owner to let you."


class NothingToRetry(Conflict):
    code = "NOTHING_TO_RETRY"
    sentence = "There is no failed answer to try again."


class UnknownAgent(NotFound):
    code = "AGENT_NOT_FOUND"
    sentence = "There is no such agent."


class EmptyMessage(Invalid):
    code = "EMPTY_MESSAGE"
    sentence = "Write something first."


class MessageTooLong(TooLarge):
    code = "MESSAGE_TOO_LONG"
    sentence = "The message is too long. Shorten it or send it in parts."


class TooManyAttachments(Invalid):
    code = "TOO_MANY_ATTACHMENTS"


class AttachmentTooLarge(TooLarge):
    code = "ATTACHMENT_TOO_LARGE"


class BadAttachment(Invalid):
    code = "BAD_ATTACHMENT"


class AttachmentNotTaken(Invalid):
    code = "ATTACHMENT_NOT_TAKEN"


class IdempotencyMismatch(ParleyError):
    status = 422
    code = "IDEMPOTENCY_MISMATCH"
    sentence = "This idempotency key was already used with another message."


class BadEventId(ParleyError):
    code = "BAD_EVENT_ID"
    sentence = "Last-Event-ID names no place in an answer of this chat."
