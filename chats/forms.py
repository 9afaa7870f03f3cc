"""What people may type on the pages of chats."""

from django import forms
from django.http import HttpRequest

from chats.attachments import Upload


class NewChatForm(forms.Form):
    agent_id = forms.UUIDField()


class TitleForm(forms.Form):
    title = forms.CharField(max_length=200, error_messages={"required": "Give the chat a name."})


class ArchiveForm(forms.Form):
    archived = forms.BooleanField(required=False)


def typed_message(request: HttpRequest) -> tuple[str, list[Upload], str]:
    """Return a message as it was typed, its files, and the key that makes sending it twice harmless.

    No form of Django's: one would refuse a text before the action can say why, and forget what was typed.
    """
    # A form sends each line break as two characters; PostgreSQL keeps no NUL.
    content = request.POST.get("content", "").replace("\r\n", "\n").replace("\0", "")
    key = request.POST.get("idempotency_key", "").replace("\0", "")[:255]
    return content, [*request.FILES.getlist("files")], key
