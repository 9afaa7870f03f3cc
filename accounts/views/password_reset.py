"""The pages of resetting a forgotten password by mail."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.actions import passwords
from accounts.addresses import client_address
from accounts.cookies import LINK_COOKIE, carry_link_token, drop_link_token
from accounts.decorators import token_link
from accounts.exceptions import ResetLinkInvalid
from accounts.forms.fields import NewPasswordForm
from accounts.forms.password_reset import AskForResetForm
from accounts.links import ResetToken
from accounts.models import User
from accounts.views.refusals import form_page, refused_page
from tenants.exceptions import ParleyError


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for an e-mail and say that a mail is on its way, whether or not there is such an account."""
    form = AskForResetForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return form_page(request, "accounts/reset_ask.html", {"form": form})
    try:
        passwords.ask_for_reset(email=form.cleaned_data["email"], address=client_address(request))
    except ParleyError as error:
        return form_page(request, "accounts/reset_ask.html", {"form": form}, error)
    return render(request, "accounts/reset_asked.html")


@require_safe
@token_link
def reset_link(request: HttpRequest, ids: str, signature: str) -> HttpResponse:
    """Take the token out of a reset's link and lead on to the form."""
    token = f"{ids}/{signature}"
    try:
        _person_of(token)
    except ResetLinkInvalid as error:
        return refused_page(request, error)
    page = reverse("reset-password-new", args=[ids])
    response = redirect(page)
    carry_link_token(response, token, path=page)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@never_cache
def choose(request: HttpRequest, ids: str) -> HttpResponse:
    """Let whoever came by a good link choose a new password; the address alone opens nothing."""
    try:
        token, person = _person_of(request.COOKIES.get(LINK_COOKIE, ""))
        if token.ids != ids:
            raise ResetLinkInvalid()
        form = NewPasswordForm(request.POST or None, user=person)
        if request.method != "POST" or not form.is_valid():
            return form_page(request, "accounts/reset_choose.html", {"form": form, "person": person})
        passwords.reset_password(token=token, password=form.cleaned_data["password"])
    except ResetLinkInvalid as error:
        return refused_page(request, error)
    messages.success(request, "Your password is changed. Sign in with it.")
    response = redirect("sign-in")
    drop_link_token(response, path=request.path)
    return response


def _person_of(text: str) -> tuple[ResetToken, User]:
    token = ResetToken.parse(text)
    person = queries.person_of_reset(token)
    if person is None:
        raise ResetLinkInvalid()
    return token, person
