"""The pages of coming into a team with an invitation."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.actions import invitations, signing_in
from accounts.addresses import client_address
from accounts.cookies import LINK_COOKIE, carry_link_token, delete_token_cookies, drop_link_token
from accounts.decorators import token_link
from accounts.exceptions import InvitationInvalid, TeamFull
from accounts.forms.join import JoinForm
from accounts.links import InvitationToken
from accounts.models import Invitation, User
from accounts.views.refusals import form_page, refused_page
from tenants.exceptions import ParleyError


@require_safe
@token_link
def join_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of an invitation's link and lead on to its page."""
    try:
        invitation = _open_invitation(token)
    except InvitationInvalid as error:
        return refused_page(request, error)
    page = reverse("join", args=[invitation.id])
    response = redirect(page)
    carry_link_token(response, token, path=page)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def join(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Ask whoever has an invitation who they are, then let them in; the address alone opens nothing."""
    token = request.COOKIES.get(LINK_COOKIE, "")
    try:
        invitation = _open_invitation(token)
        if invitation.id != invitation_id:
            raise InvitationInvalid()
        if queries.seats_left(invitation.team) == 0:
            raise TeamFull()
    except (InvitationInvalid, TeamFull) as error:
        return refused_page(request, error)
    form = JoinForm(request.POST or None, email=invitation.email)
    context = {"form": form, "team": invitation.team, "invitation": invitation}
    if request.method != "POST" or not form.is_valid():
        return form_page(request, "accounts/join.html", context)
    try:
        user = invitations.accept(invitation=token, **form.cleaned_data, address=client_address(request))
    except (InvitationInvalid, TeamFull) as error:
        return refused_page(request, error)
    except ParleyError as error:
        return form_page(request, "accounts/join.html", context, error)
    response = welcome(request, user)
    drop_link_token(response, path=request.path)
    return response


def _open_invitation(text: str) -> Invitation:
    invitation = queries.invitation_of(InvitationToken.parse(text))
    if invitation is None:
        raise InvitationInvalid()
    return invitation


def welcome(request: HttpRequest, user: User) -> HttpResponse:
    """Sign a new person in, whoever was signed in before, and lead them to their chats."""
    signing_in.sign_in_page(request, user)
    messages.success(request, f"Welcome to {user.team}.")
    response = redirect("chat-list")
    delete_token_cookies(response)  # they may belong to somebody else
    return response
