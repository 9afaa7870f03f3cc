"""What all pages for visitors of a link have in common: their headers, their refusals, who is no visitor at all."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tenants.exceptions import ParleyError

P = ParamSpec("P")
# Who calls itself so asks for every link that is written into a message; a person it is wrong about has one more click.
_PREVIEWERS: Final = re.compile(
    r"bot|crawl|spider|preview|facebookexternalhit|whatsapp|telegram|discord|slack|embedly|iframely|pinterest"
    r"|office|outlook|renderer",
    re.IGNORECASE,
)


def visitors_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Show refusals in a visitor's words, and keep the address out of caches, search engines and `Referer`."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except ParleyError as refusal:
            response = refused(request, refusal, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return guarded


def sent_by_form(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[[HttpRequest, str], HttpResponse]:
    """Take what a form sends; whoever merely opens its address, as from a refusal's page, is led to the room."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        if request.method == "POST":
            return view(request, token)
        return HttpResponseRedirect(reverse("share-room", args=[token]), status=303)

    return guarded


def refused(request: HttpRequest, refusal: ParleyError, **context: Any) -> HttpResponse:
    """Say why something is not possible: to a script in the common format, to a person on a page."""
    if wants_json(request):
        response: HttpResponse = JsonResponse(refusal.body())
    else:
        response = render(request, "sharing/refused.html", {"error": refusal, **context})
    refusal.mark(response)
    return response


def wants_json(request: HttpRequest) -> bool:
    """Tell a page's script from a form."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def is_only_looking(request: HttpRequest) -> bool:
    """Tell a request that nobody reads the answer of right now: a link's preview, a search engine, a prefetch."""
    headers = request.headers
    purpose = headers.get("Sec-Purpose", "") + headers.get("Purpose", "") + headers.get("X-Purpose", "")
    return bool(purpose) or bool(_PREVIEWERS.search(headers.get("User-Agent", "")))
