"""What the templates of chats need."""

from typing import Any, Final
from zlib import crc32

from django import template

from accounts.models import User
from agents.breaker import obstacle_of
from agents.models import Agent
from chats.frames import sentence_of
from chats.markdown import finished_blocks, render
from chats.models import Message
from chats.notices import Beside, beside_of, description

register = template.Library()
GUEST: Final = "Guest"
FORMER: Final = "A former member"
HUES = 6


@register.inclusion_tag("chats/_answer_text.html")
def answer_text(message: Message) -> dict[str, Any]:
    """Show an answer: its finished blocks, and what of it is still being written as plain text."""
    is_live = message.status == "streaming"
    end = finished_blocks(message.content) if is_live else len(message.content)
    return {"blocks": render(message.content[:end]), "tail": message.content[end:], "is_live": is_live}


@register.filter
def is_said_by(message: Message, reader: User) -> bool:
    """Tell whether somebody reads their own words."""
    return message.guest_id is None and message.author_id == reader.id


@register.filter
def speaker(message: Message) -> str:
    """Name whoever of the team or from outside said something."""
    if message.guest_id is not None or message.guest_name:  # in a copied conversation guests have names only
        return message.guest_name or GUEST
    return str(message.author or FORMER)


@register.filter
def beside(message: Message) -> Beside | None:
    """Return what stands beside a finished answer."""
    return None if message.status == "streaming" else beside_of(message.notices)


@register.filter
def doing(message: Message) -> str:
    """Say what an agent is doing besides answering, as far as it was saved, or nothing."""
    under_way = [notice for notice in message.notices if not notice["done"]]
    return description(under_way[-1]) if under_way else ""


@register.filter
def error_sentence(error_code: str) -> str:
    """Return the sentence for an error code of an answer."""
    return sentence_of(error_code)


@register.filter
def pause(agent: Agent | None) -> str:
    """Return why nobody may call an agent at the moment, or nothing."""
    return obstacle_of(agent) if agent else ""


@register.inclusion_tag("_avatar.html")
def avatar(picture: str | None, name: object) -> dict[str, Any]:
    """Show somebody's picture, or else their initials on a colour of their own."""
    words = str(name).split()
    initials = "".join(word[0] for word in words[:2]).upper()
    return {"picture": picture, "initials": initials, "hue": crc32(str(name).encode()) % HUES}
