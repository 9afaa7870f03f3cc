"""The pages of signing in and out."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.actions import clients, signing_in
from accounts.addresses import client_address
from accounts.cookies import delete_token_cookies
from accounts.exceptions import TeamRequired
from accounts.forms.sign_in import SignInForm
from accounts.principal import PrincipalRequest
from accounts.resolver import REFRESH_COOKIE
from tenants.exceptions import ParleyError, TooManyRequests


@sensitive_post_parameters("password")
@never_cache
def sign_in(request: PrincipalRequest) -> HttpResponse:
    """Ask for an e-mail and a password, then lead on to where the visitor wanted to go."""
    if request.method == "POST":
        return _try_to_sign_in(request)
    if request.principal is not None and request.principal.is_person:
        return redirect(_target(request))
    return _sign_in_page(request, SignInForm())


def _try_to_sign_in(request: PrincipalRequest) -> HttpResponse:
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form)
    try:
        user = signing_in.prove_password(**form.cleaned_data, address=client_address(request))
    except TeamRequired as question:
        return _sign_in_page(request, SignInForm(request.POST, teams=question.teams))
    except ParleyError as refusal:
        form.refuse(refusal.sentence)
        return _sign_in_page(request, form, refusal=refusal)
    signing_in.sign_in_page(request, user)
    response = redirect(_target(request))
    delete_token_cookies(response)  # they may belong to somebody else
    return response


def _sign_in_page(request: HttpRequest, form: SignInForm, *, refusal: ParleyError | None = None) -> HttpResponse:
    response = render(request, "accounts/sign_in.html", {"form": form, "next": _wanted(request)})
    if isinstance(refusal, TooManyRequests):
        refusal.mark(response)
    return response


def _wanted(request: HttpRequest) -> str:
    """Return the page of ours that the visitor wanted, or nothing."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else ""


def _target(request: HttpRequest) -> str:
    return _wanted(request) or resolve_url(settings.LOGIN_REDIRECT_URL)


@require_POST
def sign_out(request: PrincipalRequest) -> HttpResponse:
    """Sign out, however the visitor had signed in."""
    clients.sign_out_client(principal=request.principal, refresh_token=request.COOKIES.get(REFRESH_COOKIE))
    signing_in.sign_out_page(request)
    messages.info(request, "You are signed out.")
    response = redirect("sign-in")
    delete_token_cookies(response)
    return response
