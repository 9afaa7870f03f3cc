"""A session as a file."""

from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.principal import PrincipalRequest
from benchsessions.exports.downloads import download
from benchsessions.forms.exporting import ExportForm
from benchsessions.queries import analyst_of, session_with
from benchsessions.views.pages import bench_page


@require_safe
@bench_page
def export(request: PrincipalRequest, bench_id: UUID) -> HttpResponseBase:
    """Hand a session out as a file; as long as no format is chosen, offer them."""
    session = session_with(bench_id)
    if "format" not in request.GET:
        form = ExportForm(initial={name: request.GET[name] for name in ("filter", "q") if name in request.GET})
        return render(request, "bench/export.html", {"session": session, "form": form})
    asked = ExportForm.read(request.GET)
    return download(session, analyst_of(request.user), asked, is_only_head=request.method == "HEAD")
