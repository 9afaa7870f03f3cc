"""The one place that turns a chat's messages and frames into what visitors see; what is not named here stays inside."""

from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from chats.frames import Frame
from chats.models import Message, MessageRole
from sharing.models import Share

HOST: Final = "The host"
MEMBER: Final = "A member"
GUEST: Final = "Guest"
AGENT: Final = "Agent"
AGENT_FAILED: Final = {"message": "The agent could not answer.", "code": "AGENT_FAILED"}
ANSWERING: Final = {"description": "The agent is answering.", "level": "info", "done": False}


def author_of(message: Message, share: Share) -> str:
    """Return the name that visitors know a speaker by; load the message with its author."""
    if message.role == MessageRole.ASSISTANT:
        return share.chat.agent.name if share.chat.agent else AGENT
    if message.guest_id is not None:
        return message.guest_name or GUEST
    full_name = message.author.full_name if message.author else ""
    return name_of_member(full_name, is_host=message.author_id == share.chat.user_id)


def name_of_member(full_name: str, *, is_host: bool) -> str:
    """Return the name that visitors know a person of the team by; an e-mail is none, wherever it stands."""
    name = "" if "@" in full_name else full_name.strip()
    return name or (HOST if is_host else MEMBER)


def message_for_visitors(message: Message, share: Share) -> dict[str, Any]:
    """Return a message as JSON knows it."""
    return {
        "role": message.role,
        "content": message.content,
        "id": str(message.id),
        "timestamp": message.timestamp.isoformat().replace("+00:00", "Z"),
        "author": author_of(message, share),
        "is_visitor": message.guest_id is not None,
        "status": message.status,
    }


def frame_for_visitors(frame: Frame) -> Frame | None:
    """Return an answer's frame without what the agent did beside it, its place in line and why it failed, or None."""
    match frame.type:
        case "status" if "notice" not in frame.data:
            return Frame("status", dict(ANSWERING), frame.id)
        case "message":
            shown = {name: value for name, value in frame.data.items() if name in {"content", "replace"}}
            return Frame("message", shown, frame.id)
        case "done":
            return Frame("done", {"message": "Stream completed", "stopped": frame.data["stopped"]}, frame.id)
        case "error":
            return Frame("error", dict(AGENT_FAILED), frame.id)
    return None


def render_message(message: Message, share: Share) -> SafeString:
    """Return a message as HTML, the same for everybody; a page finds its own by `data-guest`."""
    context = {"message": message, "author": author_of(message, share), "agent": share.chat.agent}
    return render_to_string("sharing/_message.html", context)
