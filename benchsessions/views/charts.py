"""Charts of what sessions add up to."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.principal import PrincipalRequest
from benchsessions.drawings import cautions, drawings_of
from benchsessions.forms.reporting import ReportForm
from benchsessions.listing import sessions_asked_for
from benchsessions.queries import analyst_of
from benchsessions.reports import report_of
from benchsessions.views.pages import bench_page


@require_safe
@bench_page
def report_page(request: PrincipalRequest) -> HttpResponse:
    """Draw accuracy, errors, waiting and issues."""
    form = ReportForm.read(request.GET)
    asked = form.cleaned_data
    report = report_of(sessions_asked_for(asked), asked["days"], analyst_of(request.user))
    context = {
        "form": form,
        "report": report,
        "days": list(report.days.items())[::-1],
        "drawings": drawings_of(report),
        "cautions": list(cautions(report)),
    }
    return render(request, "bench/charts.html", context)
