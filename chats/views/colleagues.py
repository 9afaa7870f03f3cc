"""Colleagues in a chat, on pages: who is let in, going out again, and how far everybody has read."""

from bisect import bisect_right
from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from accounts import queries as accounts
from accounts.decorators import member_required
from accounts.models import User
from accounts.principal import PrincipalRequest
from chats.forms import MembersForm, ReadForm
from chats.members import Reader, leave_chat, mark_read, set_members
from chats.models import Chat, Message, MessageRole
from chats.queries import members_of, readable_chats, shared_chats
from chats.views.leading import see
from chats.views.own import own_chat
from tenants.exceptions import Invalid


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def members(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Let colleagues into one's own chat, to read or to take part."""
    chat = own_chat(request, chat_id)
    active = accounts.people().filter(is_active=True).exclude(id=request.user.pk)
    people = list(active.only("email", "full_name", "team"))
    if request.method != "POST":
        rights = {member.user_id: member.can_write for member in members_of(chat)}
        rows = sorted(((one, rights.get(one.pk)) for one in people), key=lambda row: row[1] is None)
        return render(request, "chats/members.html", {"chat": chat, "rows": rows, "count": len(rights)})
    form = MembersForm(request.POST, people=people)
    try:
        if not form.is_valid():
            raise Invalid()
        set_members(chat=chat, members=form.cleaned_data["access"])
    except Invalid:
        messages.error(request, "Somebody you chose is no longer here. Choose again.")
        return see(reverse("chat-members", args=[chat.id]))
    messages.success(request, _who_is_in(len(form.cleaned_data["access"])))
    return see(reverse("chat-detail", args=[chat.id]))


def _who_is_in(others: int) -> str:
    if not others:
        return "Nobody else of your team sees this chat."
    return f"{others} {'colleague sees' if others == 1 else 'colleagues see'} this chat."


@require_POST
@member_required
def leave(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Go out of a colleague's chat."""
    chat = get_object_or_404(shared_chats(request.user), id=chat_id)
    leave_chat(chat=chat, user=request.user)
    messages.success(request, format_html("You left <bdi>“{}”</bdi>.", chat))
    return see(reverse("chats-of-colleagues"))


@require_POST
@member_required
def read(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Note how far the page has been read; its script says so."""
    chat = get_object_or_404(readable_chats(request.user), id=chat_id)
    form = ReadForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    mark_read(chat=chat, user=request.user, position=form.cleaned_data["position"])
    return HttpResponse(status=204)


def say_who_read(said: Sequence[Message], readers: Sequence[Reader], *, to: User) -> None:
    """Put under each message the names of the others whose reading ends there."""
    names: dict[int, list[str]] = {}
    places = [message.position for message in said]
    for reader in readers:
        if reader.user != to:
            names.setdefault(bisect_right(places, reader.position), []).append(str(reader.user))
    for count, message in enumerate(said, start=1):
        message.read_by = ", ".join(names.get(count, []))


def note_served(request: PrincipalRequest, chat: Chat, said: Sequence[Message], readers: Sequence[Reader]) -> int:
    """Note that a chat with others in it was read as far as a page shows it; return how far is noted.

    A page that a script fetches, or a browser before anybody asked for it, may be seen by nobody.
    """
    unseen = request.headers.get("Sec-Fetch-Dest", "document") != "document" or "Sec-Purpose" in request.headers
    others = len(readers) > 1 or any(
        message.role == MessageRole.USER and message.author_id != request.user.pk for message in said
    )
    place = next((reader.position for reader in readers if reader.user == request.user), 0)
    if said and others and not unseen and said[-1].position > place:
        return mark_read(chat=chat, user=request.user, position=said[-1].position)
    return place
