"""The page of a team's people, for its admins."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from accounts import queries
from accounts.actions import invitations, standing
from accounts.decorators import team_admin_required
from accounts.forms.fields import search_text
from accounts.forms.members import ActiveForm, InviteForm, RoleForm
from accounts.links import InvitationToken
from accounts.models import Role
from accounts.principal import PrincipalRequest
from accounts.views.refusals import form_page
from tenants.exceptions import Conflict, Forbidden, ParleyError
from tenants.numbers import page_asked

PEOPLE_PER_PAGE = 50
INVITATIONS_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@team_admin_required
def members(request: PrincipalRequest) -> HttpResponse:
    """List the team's people and open invitations; a sent form invites somebody and shows the link, this once."""
    form = InviteForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _members_page(request, form)
    if form.is_repeat():
        messages.info(request, "This invitation was made already; its link is shown only once.")
        return redirect("members")
    email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
    try:
        token = invitations.invite(by=request.user, email=email, role=role)
    except ParleyError as error:
        return _members_page(request, form, error)
    return _members_page(request, InviteForm(), token=token, sent_to=email)


def _members_page(
    request: PrincipalRequest,
    form: InviteForm,
    error: ParleyError | None = None,
    *,
    token: InvitationToken | None = None,
    sent_to: str = "",
) -> HttpResponse:
    search = search_text(request.GET)
    found = queries.people(search=search).select_related("tier").defer("avatar")  # 50 pictures would be megabytes
    context = {
        "page": page_asked(request, found, PEOPLE_PER_PAGE),
        "search": search,
        "roles": Role.choices,
        "form": form,
        "link": token.link if token else "",
        "sent_to": sent_to,
        "invitations": queries.open_invitations().select_related("invited_by")[:INVITATIONS_SHOWN],
        "seats_left": queries.seats_left(request.user.team),
        "begins_in": queries.tier_to_begin_with(request.user.team),
    }
    return form_page(request, "accounts/members.html", context, error)


@require_POST
@team_admin_required
def set_role(request: PrincipalRequest, user_id: UUID) -> HttpResponse:
    """Change what a person is in the team."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _told(request, refusal="Choose one of the roles.")
    try:
        person = standing.set_role(by=request.user, user_id=user_id, role=Role(form.cleaned_data["role"]))
    except (Conflict, Forbidden) as error:
        return _told(request, refusal=error.sentence)
    role = "a team admin" if person.is_team_admin else "a member"
    return _told(request, f"{person} is {role} now.")


@require_POST
@team_admin_required
def set_active(request: PrincipalRequest, user_id: UUID) -> HttpResponse:
    """Let a person in again, or out."""
    form = ActiveForm(request.POST)
    if not form.is_valid():
        return _told(request, refusal="Say whether the person is to be active.")
    active = form.cleaned_data["active"] == "1"
    try:
        person = standing.set_active(by=request.user, user_id=user_id, active=active)
    except (Conflict, Forbidden) as error:
        return _told(request, refusal=error.sentence)
    return _told(request, f"{person} may sign in again." if active else f"{person} is out, wherever they were.")


@require_POST
@team_admin_required
def withdraw(request: PrincipalRequest, invitation_id: UUID) -> HttpResponse:
    """Take an open invitation back."""
    invitations.withdraw(invitation_id=invitation_id)
    return _told(request, "The invitation is withdrawn.")


def _told(request: HttpRequest, sentence: str = "", *, refusal: str = "") -> HttpResponse:
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, sentence)
    return redirect("members")
