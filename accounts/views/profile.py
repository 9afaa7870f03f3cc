"""The page of one's own profile."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import queries
from accounts.actions import clients, people, signing_in
from accounts.decorators import member_required
from accounts.forms.profile import NameForm, PasswordForm, PictureForm
from accounts.principal import PrincipalRequest
from tenants.exceptions import NotFound, ParleyError, TooManyRequests


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
            people.update_profile(user=request.user, avatar=None)
            return _saved(request, "Your picture is removed.")
    return _profile_page(request)


def _save_name(request: PrincipalRequest) -> HttpResponse:
    form = NameForm(request.POST)
    if not form.is_valid():
        return _profile_page(request, name_form=form)
    people.update_profile(user=request.user, full_name=form.cleaned_data["full_name"])
    return _saved(request, "Your name is changed.")


def _save_password(request: PrincipalRequest) -> HttpResponse:
    form = PasswordForm(request.POST, user=request.user)
    if not form.is_valid():
        return _profile_page(request, password_form=form)
    try:
        signing_in.prove_own_password(user=request.user, password=form.cleaned_data["present"])
    except ParleyError as error:
        form.add_error("present", error.sentence)
        response = _profile_page(request, password_form=form)
        if isinstance(error, TooManyRequests):
            error.mark(response)
        return response
    people.change_password(user=request.user, password=form.cleaned_data["password"])
    signing_in.open_page_session(request, request.user)  # this browser stays signed in
    return _saved(request, "Your password is changed. Everywhere else you are signed out.")


def _save_picture(request: PrincipalRequest) -> HttpResponse:
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return _profile_page(request, picture_form=form)
    people.update_profile(user=request.user, avatar=form.cleaned_data["picture"])
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
        clients.revoke_refresh_session(user=request.user, session_id=session_id)
    except NotFound:
        return redirect("profile")
    return _saved(request, "The client is signed out.")
