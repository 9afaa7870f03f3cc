"""Who may open a page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.cache import never_cache

from accounts.principal import PrincipalRequest
from tenants.exceptions import Forbidden

P = ParamSpec("P")


def member_required(
    view: Callable[Concatenate[PrincipalRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Send signed-out visitors of a page to the sign-in page and back afterwards.

    What the page shows is kept out of every cache unless the view says otherwise: after signing out, the browser's
    back button must not show it again.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        member = cast("PrincipalRequest", request)
        if member.principal is None or not member.principal.is_person:
            return to_sign_in(request)
        response = view(member, *args, **kwargs)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return guarded


def team_admin_required(
    view: Callable[Concatenate[PrincipalRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Show a page to the admins of a team; other members are refused."""

    @wraps(view)
    def guarded(request: PrincipalRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_team_admin:
            raise Forbidden()
        return view(request, *args, **kwargs)

    return member_required(guarded)


def token_link(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep an address that holds a token out of caches, search engines and `Referer`.

    Such an address shows no form: a browser names the origin of what a page without referrer sends `null`, which is
    refused. It leads on, with the token in a cookie, to a page whose address says only what the link is for.
    """

    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page, which leads back to the page the visitor is on."""
    page = request.get_full_path() if request.method == "GET" else _page_before(request)
    return redirect(f"{reverse('sign-in')}?{urlencode({'next': page})}" if page else reverse("sign-in"))


def _page_before(request: HttpRequest) -> str:
    try:
        return urlsplit(request.headers.get("Referer", "")).path
    except ValueError:  # anybody can send `http://[`
        return ""
