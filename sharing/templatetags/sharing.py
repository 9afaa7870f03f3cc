"""What templates need of share links; those of chats load it too, whose code knows nothing of links."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django import template
from django.utils import timezone

from accounts.models import User
from chats.models import Chat
from sharing.company import visitors_of

register = template.Library()
UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


@register.inclusion_tag("sharing/_company.html")
def company(chat: Chat, reader: User) -> dict[str, Any]:
    """Say to the person of a chat how many visitors its links let in right now; nothing to anybody else."""
    return {"chat": chat, "company": visitors_of(chat) if chat.user_id == reader.id else None}


@register.simple_tag
def once() -> str:
    """Return a new name of a sending, for a form that a template writes out and an `OnceForm` reads."""
    return str(uuid4())


@register.filter
def in_words(moment: datetime) -> str:
    """Say how far away a moment is in its largest unit: `in 7 days`, `3 hours ago`."""
    seconds = (moment - timezone.now()).total_seconds()
    for unit, size in UNITS:
        count = round(abs(seconds) / size)
        if count:
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"in {words}" if seconds > 0 else f"{words} ago"
    return "in a moment" if seconds > 0 else "just now"
