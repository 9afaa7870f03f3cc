"""The page on which a visitor who has an account copies the conversation into a chat of their own."""

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.decorators import member_required
from accounts.principal import PrincipalRequest
from agents.queries import agents_of
from chats.forms import NewChatForm
from sharing.entering import was_let_in
from sharing.exceptions import ForkNotAllowed
from sharing.forking import copy_conversation
from sharing.models import Share
from sharing.views.visitors import visitors_page
from sharing.visits import visiting


@require_http_methods(["GET", "HEAD", "POST"])
@visitors_page
def copy(request: HttpRequest, token: str) -> HttpResponse:
    """Let somebody choose an agent of their own team, then copy the conversation and open it there."""
    return cast("HttpResponse", _copy(request, token))


@member_required
def _copy(request: PrincipalRequest, token: str) -> HttpResponse:
    share = _share_to_copy(request, token)
    if share is None:
        return redirect("share-room", token)
    form = NewChatForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        chat = copy_conversation(share, request.user, form.cleaned_data["agent_id"])
        return HttpResponseRedirect(reverse("chat-detail", args=[chat.id]), status=303)
    response = render(request, "sharing/copy.html", {"token": token, "share": share, "agents": agents_of(request.user)})
    response["Referrer-Policy"] = "same-origin"  # else the form's token would not be taken without an origin
    return response


def _share_to_copy(request: HttpRequest, token: str) -> Share | None:
    """Return the link's share if its visitors may copy and this one was let in; a place lost since does not matter."""
    with visiting(request, token) as visit:
        if not visit.share.can_fork:
            raise ForkNotAllowed()
        return visit.share if was_let_in(visit) else None
