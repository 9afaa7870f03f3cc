"""Where a page leads, and to whom it speaks."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.principal import PrincipalRequest
from chats.models import Chat


def wants_json(request: PrincipalRequest) -> bool:
    """Tell a script from a form."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def see_chat(chat: Chat) -> HttpResponse:
    """Redirect to a chat's page."""
    return see(reverse("chat-detail", args=[chat.id]))


def see(address: str) -> HttpResponse:
    """Redirect with 303: whatever was posted, the next page is read."""
    return HttpResponseRedirect(address, status=303)
