"""What the person of a chat alone does with it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import member_required
from accounts.principal import PrincipalRequest
from chats import actions
from chats.forms import ArchiveForm, TitleForm
from chats.models import Chat
from chats.queries import shown_chats
from chats.views.leading import see, see_chat


def own_chat(request: PrincipalRequest, chat_id: UUID) -> Chat:
    """Return a chat of whoever asks; nobody else's is there."""
    return get_object_or_404(shown_chats(request.user), id=chat_id)


@require_POST
@member_required
def rename(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Give a chat another title."""
    chat = own_chat(request, chat_id)
    form = TitleForm(request.POST)
    if form.is_valid():
        actions.update_chat(chat=chat, title=form.cleaned_data["title"])
    else:
        messages.error(request, str(form.errors["title"][0]))
    return see_chat(chat)


@require_POST
@member_required
def archive(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Put a chat away or bring it back."""
    chat = own_chat(request, chat_id)
    form = ArchiveForm(request.POST)
    archived = form.is_valid() and form.cleaned_data["archived"]
    actions.update_chat(chat=chat, is_archived=archived)
    if not archived:
        return see_chat(chat)
    messages.success(request, format_html("<bdi>“{}”</bdi> is in the archive.", chat))
    return see(reverse("chat-list"))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def delete(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Ask whether a chat is to be deleted, then delete it."""
    chat = own_chat(request, chat_id)
    if request.method != "POST":
        return render(request, "chats/delete.html", {"chat": chat})
    actions.delete_chat(chat=chat)
    messages.success(request, format_html("<bdi>“{}”</bdi> was deleted.", chat))
    return see(reverse("chat-list"))
