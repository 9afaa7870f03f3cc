"""The pages of signing in and out, and of one's own profile."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import actions, queries
from accounts.cookies import delete_token_cookies
from accounts.decorators import member_required
from accounts.exceptions import TeamRequired
from accounts.forms import NameForm, PasswordForm, PictureForm, SignInForm
from accounts.limits import client_address
from accounts.principal import PrincipalRequest
from accounts.resolver import REFRESH_COOKIE
from tenants.exceptions import NotFound, ParleyError, TooManyRequests


@sensitive_post_parameters("password")
@never_cache
def sign_in(request: PrincipalRequest) -> HttpResponse:
    """Ask for an e-mail and a password, then lead on to where the visitor wanted to go."""
    if request.method == "POST":
        return _try_to_sign_in(request)
    if request.principal is not None:
        return redirect(_target(request))
    return _sign_in_page(request, SignInForm())


def _try_to_sign_in(request: PrincipalRequest) -> HttpResponse:
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form)
    try:
        user = actions.prove_password(**form.cleaned_data, address=client_address(request))
    except TeamRequired as question:
        return _sign_in_page(request, SignInForm(request.POST, teams=question.teams))
    except ParleyError as refusal:
        form.refuse(refusal.sentence)
        return _sign_in_page(request, form, refusal=refusal)
    actions.sign_in_page(request, user)
    response = redirect(_target(request))
    delete_token_cookies(response)  # they may belong to somebody else
    return response


def _sign_in_page(request: HttpRequest, form: SignInForm, *, refusal: ParleyError | None = None) -> HttpResponse:
    response = render(request, "accounts/sign_in.html", {"form": form, "next": _wanted(request)})
    if isinstance(refusal, TooManyRequests):
        response.status_code = refusal.status
        for name, value in refusal.headers.items():
            response[name] = value
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
    actions.sign_out_client(principal=request.principal, refresh_token=request.COOKIES.get(REFRESH_COOKIE))
    actions.sign_out_page(request)
    messages.info(request, "You are signed out.")
    response = redirect("sign-in")
    delete_token_cookies(response)
    return response


@sensitive_post_parameters()
@member_required
def profile(request: PrincipalRequest) -> HttpResponse:
    """Show and change one's own profile; `save` tells which of its forms was sent."""
    match request.POST.get("save") if request.method == "POST" else None:
        case "name":
            return _save_name(request)
        case "password":
            return _save_password(request)
        case "picture":
            return _save_picture(request)
        case "no-picture":
            actions.update_profile(user=request.user, avatar=None)
            return _saved(request, "Your picture is removed.")
    return _profile_page(request)


def _save_name(request: PrincipalRequest) -> HttpResponse:
    form = NameForm(request.POST)
    if not form.is_valid():
        return _profile_page(request, name_form=form)
    actions.update_profile(user=request.user, full_name=form.cleaned_data["full_name"])
    return _saved(request, "Your name is changed.")


def _save_password(request: PrincipalRequest) -> HttpResponse:
    form = PasswordForm(request.POST, user=request.user)
    if not form.is_valid():
        return _profile_page(request, password_form=form)
    try:
        actions.prove_own_password(user=request.user, password=form.cleaned_data["present"])
    except ParleyError as error:
        form.add_error("present", error.sentence)
        return _profile_page(request, password_form=form)
    actions.change_password(user=request.user, password=form.cleaned_data["password"])
    actions.sign_in_page(request, request.user)  # this browser stays signed in
    return _saved(request, "Your password is changed. Everywhere else you are signed out.")


def _save_picture(request: PrincipalRequest) -> HttpResponse:
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return _profile_page(request, picture_form=form)
    actions.update_profile(user=request.user, avatar=form.cleaned_data["picture"])
    return _saved(request, "Your picture is changed.")


def _saved(request: PrincipalRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("profile")


def _profile_page(request: PrincipalRequest, **sent: forms.Form) -> HttpResponse:
    context = {
        "name_form": NameForm(initial={"full_name": request.user.full_name}),
        "password_form": PasswordForm(user=request.user),
        "picture_form": PictureForm(),
        "clients": queries.open_refresh_sessions(request.user),
    }
    return render(request, "accounts/profile.html", {**context, **sent})


@require_POST
@member_required
def revoke_client(request: PrincipalRequest, session_id: UUID) -> HttpResponse:
    """Sign one of one's own API clients out; one that is gone already is as good."""
    try:
        actions.revoke_refresh_session(user=request.user, session_id=session_id)
    except NotFound:
        return redirect("profile")
    return _saved(request, "The client is signed out.")
