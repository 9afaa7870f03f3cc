"""The lists of chats, and how a new one begins."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.decorators import member_required
from accounts.forms.fields import search_text
from accounts.principal import PrincipalRequest
from agents import quota
from agents.queries import agents_of
from chats import actions
from chats.forms import NewChatForm
from chats.queries import shared_chats, shown_chats, with_unread
from chats.views.leading import see, see_chat
from tenants.exceptions import ParleyError
from tenants.numbers import page_asked

CHATS_PER_PAGE = 20


@require_GET
@member_required
def chat_list(request: PrincipalRequest) -> HttpResponse:
    """Show a person's chats, by part of their title if asked."""
    search = search_text(request.GET)
    archived = request.GET.get("archived") == "1"
    found = shown_chats(request.user).filter(is_archived=archived)
    if search:
        found = found.filter(title__icontains=search)
    page = page_asked(request, with_unread(found, request.user), CHATS_PER_PAGE)
    context = {"page": page, "search": search, "archived": archived, "obstacle": quota.obstacle_of(request.user)}
    return render(request, "chats/list.html", context)


@require_GET
@member_required
def shared_list(request: PrincipalRequest) -> HttpResponse:
    """Show the chats that colleagues let a person into."""
    found = with_unread(shared_chats(request.user), request.user)
    page = page_asked(request, found, CHATS_PER_PAGE)
    return render(request, "chats/shared.html", {"page": page})


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
        return see(reverse("chat-new"))
    try:
        chat = actions.create_chat(user=request.user, agent_id=form.cleaned_data["agent_id"])
    except ParleyError as error:
        messages.error(request, error.sentence)
        return see(reverse("chat-new"))
    return see_chat(chat)
