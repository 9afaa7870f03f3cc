"""The pages of one's own usage."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.audit import AuditAction
from accounts.decorators import member_required
from accounts.principal import PrincipalRequest
from agents import quota
from agents.forms.usage import RANGES, RangeForm
from agents.usage import drawings, reports
from tenants import charts
from tenants.spreadsheets import BYTE_ORDER_MARK, CONTENT_TYPE, as_download, csv_text


@require_safe
@member_required
def my_usage(request: PrincipalRequest) -> HttpResponse:
    """Show what one may ask of agents and what one has asked."""
    asked = RangeForm.read(request.GET)
    standing = quota.standing(request.user)
    context = {
        **drawings.picture_of(reports.of_person(request.user, asked["period"])),
        "asked": asked,
        "ranges": RANGES,
        "standing": standing,
        "obstacle": quota.obstacle_of(request.user),
        "tier": request.user.tier,
        "hour_used": charts.percent(standing.in_hour, standing.per_hour or 0),
        "month_used": charts.percent(standing.in_month, standing.per_month or 0),
    }
    return render(request, "agents/usage.html", context)


@require_safe
@member_required
def my_usage_csv(request: PrincipalRequest) -> HttpResponseBase:
    """Hand out one's own numbers of each day."""
    asked = RangeForm.read(request.GET)
    report = reports.of_person(request.user, asked["period"])
    rows = ([day.day, *drawings.cells(day.sums)] for day in report.days)
    audit.record(AuditAction.EXPORTED, team_id=request.user.team_id, what="own usage", days=asked["days"])
    response = HttpResponse(BYTE_ORDER_MARK + csv_text([["day", *drawings.COLUMNS], *rows]), content_type=CONTENT_TYPE)
    return as_download(response, f"my-usage-{report.period.last}.csv")
