"""The pages of a room for its visitors. They need no account and work without scripts.

A script that sends `Accept: application/json` gets JSON. The forms bring no token: a visitor may have no cookie yet,
and `CrossOriginProtection` keeps other sites out.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from chats.forms import typed_message
from chats.models import GUEST_NAME_CHARS, MessageStatus
from sharing import leases, speaking
from sharing.entering import enter, needs_name, needs_password
from sharing.exceptions import NameRequired, PasswordRequired, WrongPassword
from sharing.leases import Seat
from sharing.queries import shown_messages
from sharing.shown import author_of
from sharing.views.visitors import is_only_looking, refused, sent_by_form, visitors_page, wants_json
from sharing.visits import Visit, forget_token, keep_token, visiting
from tenants.exceptions import Invalid, ParleyError, TooManyRequests


@require_http_methods(["GET", "HEAD"])
@visitors_page
def room(request: HttpRequest, token: str) -> HttpResponse:
    """Show the conversation and take a place, or a place in line; at the door, say what is needed to come in."""
    with visiting(request, token) as visit:
        is_stranger = visit.participant is None
        if request.method == "HEAD" or "left" in request.GET or (is_stranger and is_only_looking(request)):
            return _door(request, token, visit)
        try:
            seat = enter(visit, may_wait=True)
        except (PasswordRequired, NameRequired) as question:
            return _door(request, token, visit, question=question)
        page = _room(request, token, _seated(visit, seat)) if seat.is_in else _line(request, token, visit, seat)
        return _keeping(page, visit, seat)


@csrf_exempt
@sensitive_post_parameters("password")
@visitors_page
@sent_by_form
def come_in(request: HttpRequest, token: str) -> HttpResponse:
    """Let somebody in who said the password or their name, or who pressed the button; also changes a name."""
    name, password = request.POST.get("name", ""), request.POST.get("password", "")
    with visiting(request, token) as visit:
        try:
            seat = enter(visit, name=name, password=password, may_wait=True)
        except (PasswordRequired, WrongPassword, NameRequired, Invalid, TooManyRequests) as refusal:
            if wants_json(request):
                raise
            return _door(request, token, visit, refusal=refusal, name=name)
        return _keeping(_lead_on(request, token), visit, seat)


@csrf_exempt
@visitors_page
@sent_by_form
def say(request: HttpRequest, token: str) -> HttpResponse:
    """Send a message; a refused one is shown again, so that nothing typed is lost."""
    return _with_text(request, token, _say)


@csrf_exempt
@visitors_page
@sent_by_form
def look(request: HttpRequest, token: str) -> HttpResponse:
    """Draw the room anew with what stands in its field, which is not sent: a page without scripts looks for news."""
    return _with_text(request, token, _room)


def _with_text(request: HttpRequest, token: str, answer: Callable[..., HttpResponse]) -> HttpResponse:
    """Answer somebody who has typed something; whoever may not come in, or no longer, gets their text back."""
    content, _, _ = typed_message(request)
    try:
        with visiting(request, token) as visit:
            seat = enter(visit)
            return _keeping(answer(request, token, _seated(visit, seat), draft=content), visit, seat)
    except ParleyError as refusal:
        return refused(request, refusal, token=token, draft=content)


def _say(request: HttpRequest, token: str, visit: Visit, draft: str) -> HttpResponse:
    try:
        started = speaking.say(visit, draft)
    except ParleyError as refusal:
        return _not_said(request, token, visit, refusal, draft)
    if wants_json(request):
        return JsonResponse({"message_id": str(started.answer.id)}, status=202)
    return HttpResponseRedirect(f"{_address(token)}#message-{started.answer.id}", status=303)


@csrf_exempt
@visitors_page
@sent_by_form
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Give back a place."""
    with visiting(request, token) as visit:
        leases.leave(visit.share, token=visit.token)
        was_in_line = visit.participant is not None and visit.participant.joined_at is None
        response = _lead_on(request, token, "?left=line" if was_in_line else "?left=1")
        forget_token(request, response, visit.share, visit.token)
        return response


def _address(token: str) -> str:
    return reverse("share-room", args=[token])


def _lead_on(request: HttpRequest, token: str, more: str = "") -> HttpResponse:
    address = _address(token) + more
    return JsonResponse({"next": address}) if wants_json(request) else HttpResponseRedirect(address, status=303)


def _seated(visit: Visit, seat: Seat) -> Visit:
    return replace(visit, participant=seat.participant, token=seat.token)


def _keeping(response: HttpResponse, visit: Visit, seat: Seat) -> HttpResponse:
    keep_token(response, visit.share, seat)
    return response


def _door(
    request: HttpRequest,
    token: str,
    visit: Visit,
    *,
    question: ParleyError | None = None,
    refusal: ParleyError | None = None,
    name: str = "",
) -> HttpResponse:
    """Show what the link is about, unless it has a password, and what must be said to come in."""
    context = {
        "token": token,
        "share": visit.share,
        "asks_password": needs_password(visit),
        "asks_name": needs_name(visit),
        "left": request.GET.get("left"),
        "refusal": refusal,
        "name": name,
        "name_chars": GUEST_NAME_CHARS,
    }
    response = render(request, "sharing/door.html", context)
    if refusal or isinstance(question, PasswordRequired):
        (refusal or question or ParleyError()).mark(response)
    return response


def _line(request: HttpRequest, token: str, visit: Visit, seat: Seat) -> HttpResponse:
    context = {"token": token, "share": visit.share, "ahead": seat.ahead, "standing": leases.standing(visit.share)}
    return render(request, "sharing/waiting.html", context)


def _room(
    request: HttpRequest, token: str, visit: Visit, *, refusal: ParleyError | None = None, draft: str = ""
) -> HttpResponse:
    share = visit.share
    said = list(shown_messages(share))
    context: dict[str, Any] = {
        "token": token,
        "share": share,
        "agent": share.chat.agent,
        "me": visit.participant,
        "standing": leases.standing(share),
        "said": [(message, author_of(message, share)) for message in said],
        "live": next((message for message in said if message.status == MessageStatus.STREAMING), None),
        "may_write": share.can_write and bool(share.messages_left or draft),
        "refusal": refusal,
        "draft": draft,
        "max_chars": settings.SHARE_MESSAGE_CHARS,
        "name_chars": GUEST_NAME_CHARS,
    }
    return render(request, "sharing/room.html", context)


def _not_said(request: HttpRequest, token: str, visit: Visit, refusal: ParleyError, draft: str) -> HttpResponse:
    """Show why a message was not taken: in the room, or that the room is closed by now."""
    if wants_json(request) or refusal.status == 410:
        return refused(request, refusal, token=token, draft=draft)
    response = _room(request, token, visit, refusal=refusal, draft=draft)
    refusal.mark(response)
    return response
