"""What people may type on the pages of chats."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest

from accounts.models import User
from chats.attachments import Upload


class NewChatForm(forms.Form):
    agent_id = forms.UUIDField()


class TitleForm(forms.Form):
    title = forms.CharField(max_length=200, error_messages={"required": "Give the chat a name."})


class ArchiveForm(forms.Form):
    archived = forms.BooleanField(required=False)


class ReadForm(forms.Form):
    position = forms.IntegerField(min_value=1, max_value=2**31 - 1)


class MembersForm(forms.Form):
    """Which colleagues are let into a chat: of each an id, and whether they read or take part."""

    access = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rights = [("", "")] + [(f"{one.pk}:{right}", "") for one in people for right in ("read", "write")]
        self.fields["access"].choices = rights  # type: ignore[attr-defined]

    def clean_access(self) -> dict[UUID, bool]:
        given = [choice.split(":") for choice in self.cleaned_data["access"] if choice]
        return {UUID(person): right == "write" for person, right in given}


def typed_message(request: HttpRequest) -> tuple[str, list[Upload], str]:
    """Return a message as it was typed, its files, and the key that makes sending it twice harmless.

    No form of Django's: one would refuse a text before the action can say why, and forget what was typed.
    """
    # A form sends each line break as two characters; PostgreSQL keeps no NUL.
    content = request.POST.get("content", "").replace("\r\n", "\n").replace("\0", "")
    key = request.POST.get("idempotency_key", "").replace("\0", "")[:255]
    return content, [*request.FILES.getlist("files")], key
