"""The administration's pages of usage: a team's for its admins, every team's for operators.

The admin site enters the caller's scope before a view of these runs.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from datetime import date

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from accounts import audit
from accounts.audit import AuditAction
from agents import health
from agents.forms.usage import RANGES, SORTED_BY, TeamRangeForm, team_choices
from agents.usage import drawings, reports
from agents.usage.drawings import COLUMNS
from agents.usage.reports import Line, Period
from tenants.database import in_database
from tenants.exceptions import NotFound
from tenants.managers import find
from tenants.models import Team
from tenants.scope import Scope, current_scope, tenant_scope, unsafe_all_tenants
from tenants.spreadsheets import BYTE_ORDER_MARK, CONTENT_TYPE, as_download, csv_text
from tenants.threads import let_go_of_request_thread


def dashboard(request: HttpRequest) -> HttpResponseBase:
    """Draw the usage of the caller's team, or for an operator of all teams or the chosen one."""
    asked = TeamRangeForm.read(request.GET)
    with _entered(_chosen_scope(asked["team"])):
        report = reports.of_team(asked["period"])
        healths = health.of_all(asked["sort"] or "errors")
    context = {
        **admin.site.each_context(request),
        **drawings.picture_of(report),
        "title": "Usage",
        "asked": asked,
        "ranges": RANGES,
        "teams": team_choices(),
        "names_teams": current_scope().is_wide and not asked["team"],
        "waits_drawing": drawings.waits_per_day(report),
        "person_shares": drawings.shares(report.people),
        "error_shares": drawings.shares(report.errors),
        "longest_list": reports.LONGEST_LIST,
        "healths": healths[: reports.LONGEST_LIST],
        "orders": SORTED_BY,
    }
    return TemplateResponse(request, "admin/usage.html", context)


def dashboard_csv(request: HttpRequest) -> HttpResponseBase:
    """Hand out each day's numbers of each agent and person."""
    asked = TeamRangeForm.read(request.GET)
    scope, period = _chosen_scope(asked["team"]), asked["period"]
    with transaction.atomic():
        for team_id in [scope.team_id] if scope.team_id else reports.teams(period):
            audit.record(AuditAction.EXPORTED, team_id=team_id, what="usage", days=asked["days"])
    response = StreamingHttpResponse(_lines(scope, period), content_type=CONTENT_TYPE)
    return as_download(response, "-".join(filter(None, ["usage", asked["team"], str(period.last)])) + ".csv")


async def _lines(scope: Scope, period: Period) -> AsyncIterator[bytes]:
    """Read and hand out one day after the other; a stream runs outside of the request's scope."""
    let_go_of_request_thread()
    yield (BYTE_ORDER_MARK + csv_text([["day", "team", "agent", "person", *COLUMNS]])).encode()
    for day in period.days:
        lines = await in_database(_lines_of_day, scope, day)
        rows = ([day, line.team, line.agent, line.person, *drawings.cells(line.sums)] for line in lines)
        yield csv_text(rows).encode()


def _lines_of_day(scope: Scope, day: date) -> list[Line]:
    with _entered(scope):
        return reports.lines_of_day(day)


def _chosen_scope(slug: str) -> Scope:
    """Return the scope of the chosen team, else the caller's own; only an operator's form lets a team be chosen."""
    if not slug:
        return current_scope()
    team = find(Team.objects.all(), slug=slug)
    if team is None:
        raise NotFound()
    return Scope(team.id)


def _entered(scope: Scope) -> AbstractContextManager[None]:
    return unsafe_all_tenants(reason=scope.reason) if scope.team_id is None else tenant_scope(scope.team_id)
