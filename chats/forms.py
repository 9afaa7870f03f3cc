"""What people may type on the pages of chats."""

from django import forms
from django.http import QueryDict


class NewChatForm(forms.Form):
    agent_id = forms.UUIDField()


class TitleForm(forms.Form):
    title = forms.CharField(max_length=200, error_messages={"required": "Give the chat a name."})


class ArchiveForm(forms.Form):
    archived = forms.BooleanField(required=False)


def typed_message(data: QueryDict) -> tuple[str, str]:
    """Return a message as it was typed, and the key that makes sending it twice harmless.

    No form of Django's: one would refuse a text before the action can say why, and forget what was typed.
    """
    # A form sends each line break as two characters; PostgreSQL keeps no NUL.
    content = data.get("content", "").replace("\r\n", "\n").replace("\0", "")
    return content, data.get("idempotency_key", "").replace("\0", "")[:255]
