"""The page of a chat: what was said, and saying more."""

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import member_required
from accounts.principal import PrincipalRequest
from accounts.queries import with_people
from agents import quota
from agents.queries import may_use
from agents.quota import Standing
from chats import actions, attachments
from chats.exceptions import ReadOnly
from chats.files import file_response
from chats.forms import typed_message
from chats.members import readers_of
from chats.models import Chat, MessageStatus
from chats.queries import (
    may_write,
    messages_of,
    own_chats,
    readable_attachments,
    readable_chats,
    with_known_agents,
)
from chats.speakers import Speaker
from chats.views.colleagues import note_served, say_who_read
from chats.views.leading import see, see_chat, wants_json
from tenants.exceptions import ParleyError

RECENT_CHATS = 20


@require_GET
@member_required
def chat_detail(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Show a chat with all that was said."""
    return _chat_page(request, _readable_chat(request, chat_id))


@require_POST
@member_required
def send(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Send a message; a refused one is shown again, so that nothing typed is lost."""
    content, files, key = typed_message(request)
    try:
        started = actions.start_answer(
            chat_id=chat_id, speaker=Speaker(request.user), content=content, files=files, idempotency_key=key
        )
    except ParleyError as error:
        return _refused(request, chat_id, error, draft=content, had_files=bool(files))
    return _started(request, chat_id, started)


@require_GET
@member_required
def attachment(request: PrincipalRequest, chat_id: UUID, attachment_id: UUID) -> HttpResponseBase:
    """Give the bytes of a file that came with a message."""
    found = get_object_or_404(readable_attachments(request.user), message__chat=chat_id, id=attachment_id)
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
    chat = _readable_chat(request, chat_id)
    if not may_write(request.user, chat):
        raise ReadOnly()
    stopped = actions.stop_answer(chat=chat)
    return JsonResponse({"stopped": stopped}) if wants_json(request) else see_chat(chat)


def _readable_chat(request: PrincipalRequest, chat_id: UUID) -> Chat:
    chats = with_people(with_known_agents(readable_chats(request.user), request.user), "user")
    return get_object_or_404(chats, id=chat_id)


def _chat_page(
    request: PrincipalRequest,
    chat: Chat,
    *,
    draft: str = "",
    had_files: bool = False,
    refusal: ParleyError | None = None,
) -> HttpResponse:
    said = list(messages_of(chat).prefetch_related("attachments"))
    readers = readers_of(chat)
    say_who_read(said, readers, to=request.user)
    may_speak = may_write(request.user, chat)
    context: dict[str, Any] = {
        "chat": chat,
        "reader": request.user,
        "is_own": chat.user_id == request.user.pk,
        "readers": [other for other in readers if other.user != request.user],
        "may_speak": may_speak,
        "can_go_on": may_speak and may_use(request.user, chat.agent),
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
    context["read_to"] = note_served(request, chat, said, readers)
    response = render(request, "chats/detail.html", context)
    if refusal:
        refusal.mark(response)
    return response


def _started(request: PrincipalRequest, chat_id: UUID, started: actions.Started) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"message_id": str(started.answer.id), **_meter(started.standing)}, status=202)
    return see(f"{reverse('chat-detail', args=[chat_id])}#message-{started.answer.id}")


def _refused(
    request: PrincipalRequest, chat_id: UUID, error: ParleyError, *, draft: str = "", had_files: bool = False
) -> HttpResponse:
    if wants_json(request):
        body = {**error.body(), **_meter(_standing(request))}
        return JsonResponse(body, status=error.status, headers=dict(error.headers))
    return _chat_page(request, _readable_chat(request, chat_id), draft=draft, had_files=had_files, refusal=error)


def _standing(request: PrincipalRequest) -> Standing | None:
    """Return where somebody stands whose calls are counted; nobody else costs a query."""
    tier = request.user.tier
    return quota.standing(request.user) if tier.has_limits and not tier.allows_nothing else None


def _meter(standing: Standing | None) -> dict[str, str]:
    """Return what a script shows anew beside its own answer."""
    return {"meter": render_to_string("chats/_meter.html", {"standing": standing})} if standing else {}
