"""Lists of links: a person's own, and all of a team for its admins, who close rooms but get no key to them."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import member_required, team_admin_required
from accounts.principal import PrincipalRequest
from sharing import actions
from sharing.models import Share
from sharing.queries import ended, links_of, links_of_team, rooms_with_people, still_open
from tenants.numbers import page_asked

LINKS_PER_PAGE = 50
DAYS_MORE = (1, 7, 30)


@require_safe
@member_required
def my_links(request: PrincipalRequest) -> HttpResponse:
    """Show the links to a person's own chats, to be copied, extended and revoked."""
    return render(request, "sharing/my_links.html", _listed(request, links_of(request.user)))


@require_safe
@team_admin_required
def team_links(request: PrincipalRequest) -> HttpResponse:
    """Show all links of the team with their owners, and the switch of sharing by link."""
    context = {**_listed(request, links_of_team()), "rooms_open": rooms_with_people().count()}
    return render(request, "sharing/team_links.html", context)


@require_POST
@team_admin_required
def switch_sharing(request: PrincipalRequest) -> HttpResponse:
    """Let chats of the team be shared by link, or no longer."""
    chosen = request.POST.get("allowed")
    if chosen not in {"0", "1"}:
        messages.error(request, "Say whether chats may be shared by link.")
        return redirect("team-shares")
    actions.allow_sharing(team_id=request.user.team_id, allowed=chosen == "1")
    if chosen == "1":
        messages.success(request, "Chats may be shared by link. Links that still last are open again.")
    else:
        messages.success(request, "Sharing by link is off. All rooms are closed.")
    return redirect("team-shares")


def _listed(request: PrincipalRequest, links: QuerySet[Share]) -> dict[str, Any]:
    over = request.GET.get("state") == "ended"
    found = ended(links) if over else still_open(links)
    return {
        "page": page_asked(request, found, LINKS_PER_PAGE),
        "over": over,
        "allows_sharing": request.user.team.allows_sharing,
        "days_more": DAYS_MORE,
    }
