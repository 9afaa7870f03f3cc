"""The pages of chats. They work without scripts; a script that sends `Accept: application/json` gets JSON."""

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import member_required
from accounts.forms.fields import search_text
from accounts.principal import PrincipalRequest
from agents import quota
from agents.queries import agents_of, may_use
from agents.quota import Standing
from chats import actions, attachments
from chats.files import file_response
from chats.forms import ArchiveForm, NewChatForm, TitleForm, typed_message
from chats.models import Chat, MessageStatus
from chats.queries import messages_of, own_attachments, own_chats, shown_chats
from tenants.exceptions import ParleyError

CHATS_PER_PAGE = 20
RECENT_CHATS = 20


@require_GET
@member_required
def chat_list(request: PrincipalRequest) -> HttpResponse:
    """Show a person's chats, by part of their title if asked."""
    search = search_text(request.GET)
    archived = request.GET.get("archived") == "1"
    found = shown_chats(request.user).filter(is_archived=archived)
    if search:
        found = found.filter(title__icontains=search)
    page = Paginator(found, CHATS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "search": search, "archived": archived, "obstacle": quota.obstacle_of(request.user)}
    return render(request, "chats/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def new_chat(request: PrincipalRequest) -> HttpResponse:
    """Let a person choose an agent and begin a chat with it."""
    if request.method != "POST":
        return render(
            request, "chats/new.html", {"agents": agents_of(request.user), "obstacle": quota.obstacle_of(request.user)}
        )
    form = NewChatForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the agents.")
        return _see(reverse("chat-new"))
    try:
        chat = actions.create_chat(user=request.user, agent_id=form.cleaned_data["agent_id"])
    except ParleyError as error:
        messages.error(request, error.sentence)
        return _see(reverse("chat-new"))
    return _see_chat(chat)


@require_GET
@member_required
def chat_detail(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Show a chat with all that was said."""
    return _chat_page(request, _own_chat(request, chat_id))


@require_POST
@member_required
def send(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Send a message; a refused one is shown again, so that nothing typed is lost."""
    content, files, key = typed_message(request)
    try:
        started = actions.start_answer(
            chat_id=chat_id, speaker=actions.Speaker(request.user), content=content, files=files, idempotency_key=key
        )
    except ParleyError as error:
        return _refused(request, chat_id, error, draft=content, had_files=bool(files))
    return _started(request, chat_id, started)


@require_GET
@member_required
def attachment(request: PrincipalRequest, chat_id: UUID, attachment_id: UUID) -> HttpResponseBase:
    """Give the bytes of a file that came with a message."""
    found = get_object_or_404(own_attachments(request.user), message__chat=chat_id, id=attachment_id)
    return file_response(request, found)


@require_POST
@member_required
def retry(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Ask the agent again after an answer that did not end well."""
    try:
        started = actions.retry_answer(chat_id=chat_id, user=request.user)
    except ParleyError as error:
        return _refused(request, chat_id, error)
    return _started(request, chat_id, started)


@require_POST
@member_required
def stop(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Stop the answer being written."""
    chat = _own_chat(request, chat_id)
    stopped = actions.stop_answer(chat=chat)
    return JsonResponse({"stopped": stopped}) if _wants_json(request) else _see_chat(chat)


@require_POST
@member_required
def rename(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Give a chat another title."""
    chat = _own_chat(request, chat_id)
    form = TitleForm(request.POST)
    if form.is_valid():
        actions.update_chat(chat=chat, title=form.cleaned_data["title"])
    else:
        messages.error(request, str(form.errors["title"][0]))
    return _see_chat(chat)


@require_POST
@member_required
def archive(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Put a chat away or bring it back."""
    chat = _own_chat(request, chat_id)
    form = ArchiveForm(request.POST)
    archived = form.is_valid() and form.cleaned_data["archived"]
    actions.update_chat(chat=chat, is_archived=archived)
    if not archived:
        return _see_chat(chat)
    messages.success(request, f"“{chat}” is in the archive.")
    return _see(reverse("chat-list"))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def delete(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Ask whether a chat is to be deleted, then delete it."""
    chat = _own_chat(request, chat_id)
    if request.method != "POST":
        return render(request, "chats/delete.html", {"chat": chat})
    actions.delete_chat(chat=chat)
    messages.success(request, f"“{chat}” was deleted.")
    return _see(reverse("chat-list"))


def _own_chat(request: PrincipalRequest, chat_id: UUID) -> Chat:
    return get_object_or_404(shown_chats(request.user), id=chat_id)


def _chat_page(
    request: PrincipalRequest,
    chat: Chat,
    *,
    draft: str = "",
    had_files: bool = False,
    refusal: ParleyError | None = None,
) -> HttpResponse:
    said = list(messages_of(chat).prefetch_related("attachments"))
    context: dict[str, Any] = {
        "chat": chat,
        "can_go_on": may_use(request.user, chat.agent),
        "said": said,
        "live": next((message for message in said if message.status == MessageStatus.STREAMING), None),
        "recent": own_chats(request.user).filter(is_archived=False)[:RECENT_CHATS],
        "draft": draft,
        "had_files": had_files,
        "refusal": refusal,
        "obstacle": quota.obstacle_of(request.user),
        "standing": _standing(request),
        "idempotency_key": uuid4(),
        "max_chars": settings.MAX_MESSAGE_CHARS,
        "accept": attachments.accepted_by(chat.agent),
        "max_files": settings.MAX_ATTACHMENTS,
        "max_file_bytes": settings.MAX_ATTACHMENT_BYTES,
    }
    response = render(request, "chats/detail.html", context)
    if refusal:
        refusal.mark(response)
    return response


def _started(request: PrincipalRequest, chat_id: UUID, started: actions.Started) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"message_id": str(started.answer.id), **_meter(started.standing)}, status=202)
    return _see(f"{reverse('chat-detail', args=[chat_id])}#message-{started.answer.id}")


def _refused(
    request: PrincipalRequest, chat_id: UUID, error: ParleyError, *, draft: str = "", had_files: bool = False
) -> HttpResponse:
    if _wants_json(request):
        body = {**error.body(), **_meter(_standing(request))}
        return JsonResponse(body, status=error.status, headers=dict(error.headers))
    return _chat_page(request, _own_chat(request, chat_id), draft=draft, had_files=had_files, refusal=error)


def _standing(request: PrincipalRequest) -> Standing | None:
    """Return where somebody stands whose calls are counted; nobody else costs a query."""
    tier = request.user.tier
    return quota.standing(request.user) if tier.has_limits and not tier.allows_nothing else None


def _meter(standing: Standing | None) -> dict[str, str]:
    """Return what a script shows anew beside its own answer."""
    return {"meter": render_to_string("chats/_meter.html", {"standing": standing})} if standing else {}


def _wants_json(request: PrincipalRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _see_chat(chat: Chat) -> HttpResponse:
    return _see(reverse("chat-detail", args=[chat.id]))


def _see(address: str) -> HttpResponse:
    """Redirect with 303: whatever was posted, the next page is read."""
    return HttpResponseRedirect(address, status=303)
