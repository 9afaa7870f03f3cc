"""The pages that make a session of a table: what was asked, answered and judged elsewhere, or exported here."""

from pathlib import PurePath
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.principal import PrincipalRequest
from benchsessions.forms.importing import ImportedForm
from benchsessions.forms.tables import UploadForm
from benchsessions.models import Analyst, Upload
from benchsessions.queries import analyst_of
from benchsessions.rubric import Rating
from benchsessions.sessions import create_session
from benchsessions.tables.columns import OF_SESSIONS
from benchsessions.tables.reading import PASTED
from benchsessions.tables.sessions import Entry, gathered, one_each, read_entries
from benchsessions.uploads import take_upload, upload_of
from benchsessions.views.pages import bench_page
from benchsessions.views.tables import FAULTS_SHOWN, PREVIEWED, columns_form, sent_upload
from benchsessions.wording import number_fault
from tenants.exceptions import Invalid


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def upload(request: PrincipalRequest) -> HttpResponseBase:
    """Take a table for a session."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    kept = sent_upload(request, form)
    if kept is not None:
        return HttpResponseRedirect(reverse("bench-import-upload", args=[kept.id]), status=303)
    return render(request, "bench/import.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def look(request: PrincipalRequest, upload_id: UUID) -> HttpResponseBase:
    """Show how a table will be read; once it is right, make the session of it."""
    analyst = analyst_of(request.user)
    kept = upload_of(analyst, upload_id)
    columns = columns_form(request, kept, OF_SESSIONS)
    is_taken = request.POST.get("do") == "take"
    title = "" if kept.name == PASTED else PurePath(kept.name).stem
    form = ImportedForm(request.POST if is_taken else None, initial={"title": title, **request.POST.dict()})
    is_read = not columns.is_bound or columns.is_valid()
    entries = read_entries(columns.table, columns.columns) if is_read else []
    refusal = ""
    if is_taken and columns.is_valid() and form.is_valid():
        try:
            return _take(request, analyst, kept, form, entries, skip_wrong=columns.cleaned_data["skip_wrong"])
        except Invalid as error:
            refusal = error.sentence
    single = one_each(entries, str(analyst))
    wrong = [entry for entry in entries if entry.faults]
    context = {
        "upload": kept,
        "columns": columns,
        "form": form,
        "shown": single[:PREVIEWED],
        "count": len(single),
        "n_left_out": len(entries) - len(single),
        "n_answered": sum(entry.answer is not None for entry in single),
        "n_judged": sum(entry.annotation is not None for entry in single),
        "n_rated": sum(bool(entry.rating) for entry in single),
        "unknown": sorted({entry.rating for entry in single} - {"", *Rating.values})[:FAULTS_SHOWN],
        "wrong": wrong[:FAULTS_SHOWN],
        "n_wrong": len(wrong),
        "refusal": refusal,
        "is_pasted": kept.name == PASTED,
    }
    return render(request, "bench/import_look.html", context)


@transaction.atomic
def _take(
    request: PrincipalRequest,
    analyst: Analyst,
    kept: Upload,
    form: ImportedForm,
    entries: list[Entry],
    *,
    skip_wrong: bool,
) -> HttpResponseBase:
    """Make the session of the rows that can be read; raise what stands against it."""
    good = [entry for entry in entries if not entry.faults]
    if len(good) < len(entries) and not skip_wrong:
        raise Invalid(_("Some rows cannot be read. Mend the file, or have these rows left out."))
    single = one_each(good, str(analyst))
    if fault := number_fault(len(single)):
        raise Invalid(fault)
    parts = gathered(single)
    session = create_session(
        owner=analyst,
        questions=parts.questions,
        response=parts.response,
        is_paired=True,
        annotations=parts.annotations,
        **form.cleaned_data,
    )
    take_upload(kept)
    done = ngettext("%(count)d question is imported.", "%(count)d questions are imported.", len(single))
    messages.success(request, done % {"count": len(single)})
    return HttpResponseRedirect(reverse("bench-session", args=[session.id]), status=303)
