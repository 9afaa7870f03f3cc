"""Question sets as tables: made of a file or of what somebody pastes, and handed out again."""

from pathlib import PurePath
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts import audit
from accounts.audit import AuditAction
from accounts.principal import PrincipalRequest
from benchsessions import sets
from benchsessions.exports.questions import written
from benchsessions.exports.streams import CONTENT_TYPES, FileFormat
from benchsessions.forms.sets import SetForm
from benchsessions.forms.tables import UploadForm
from benchsessions.models import Analyst, Upload
from benchsessions.queries import analyst_of
from benchsessions.tables.columns import OF_QUESTIONS
from benchsessions.tables.questions import Line, read_questions
from benchsessions.tables.reading import PASTED
from benchsessions.uploads import take_upload, upload_of
from benchsessions.views.pages import bench_page
from benchsessions.views.sets import see_set, set_with, version_named
from benchsessions.views.tables import FAULTS_SHOWN, PREVIEWED, columns_form, sent_upload
from benchsessions.wording import number_fault
from tenants.exceptions import Invalid, ParleyError
from tenants.spreadsheets import as_download

SEPARATORS: Final = {"": ",", ";": ";"}


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def upload(request: PrincipalRequest, set_id: UUID | None = None) -> HttpResponseBase:
    """Take a table for a new set, or for the next version of one."""
    question_set = set_with(set_id) if set_id else None
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    kept = sent_upload(request, form, question_set)
    if kept is not None:
        return HttpResponseRedirect(reverse("bench-set-upload", args=[kept.id]), status=303)
    return render(request, "bench/set_new.html", {"form": form, "question_set": question_set})


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def look(request: PrincipalRequest, upload_id: UUID) -> HttpResponseBase:
    """Show how a table will be read; once it is right, make the set or its next version of it."""
    analyst = analyst_of(request.user)
    kept = upload_of(analyst, upload_id)
    columns = columns_form(request, kept, OF_QUESTIONS)
    is_taken = request.POST.get("do") == "take"
    name = "" if kept.name == PASTED else PurePath(kept.name).stem
    naming = SetForm(request.POST if is_taken else None, initial={"name": name, **request.POST.dict()})
    is_read = not columns.is_bound or columns.is_valid()
    lines = read_questions(columns.table, columns.columns) if is_read else []
    refusal = ""
    if is_taken and columns.is_valid() and (kept.question_set or naming.is_valid()):
        try:
            return _take(request, analyst, kept, naming, lines, skip_wrong=columns.cleaned_data["skip_wrong"])
        except Invalid as error:
            refusal = error.sentence
        except ParleyError as error:
            naming.refuse(error)
    wrong = [line for line in lines if line.faults]
    context = {
        "upload": kept,
        "columns": columns,
        "naming": None if kept.question_set else naming,
        "question_set": kept.question_set,
        "shown": lines[:PREVIEWED],
        "count": len(lines),
        "wrong": wrong[:FAULTS_SHOWN],
        "n_wrong": len(wrong),
        "refusal": refusal,
        "is_pasted": kept.name == PASTED,
    }
    return render(request, "bench/set_look.html", context)


@require_safe
@bench_page
def download(request: PrincipalRequest, set_id: UUID) -> HttpResponseBase:
    """Hand a version out as a file that comes back as the same questions."""
    question_set = set_with(set_id)
    version = version_named(list(question_set.versions.all()), request.GET.get("version", ""))
    asked = request.GET.get("format", FileFormat.CSV.value)
    if asked not in FileFormat.values:
        raise Http404
    file_format = FileFormat(asked)
    questions = list(version.questions.all())
    if request.method == "GET":
        audit.record(
            AuditAction.EXPORTED,
            team_id=question_set.team_id,
            target=question_set,
            target_name=question_set.name,
            what="question set",
            rows=len(questions),
        )
    file = written(questions, file_format, SEPARATORS.get(request.GET.get("sep", ""), ","))
    response = HttpResponse(file, content_type=CONTENT_TYPES[file_format])
    return as_download(response, f"{question_set.name} v{version.number}.{file_format}")


@transaction.atomic
def _take(
    request: PrincipalRequest, analyst: Analyst, kept: Upload, naming: SetForm, lines: list[Line], *, skip_wrong: bool
) -> HttpResponseBase:
    """Make the set or the version of the lines that can be read; raise what stands against it."""
    good = [line.wording for line in lines if not line.faults]
    if len(good) < len(lines) and not skip_wrong:
        raise Invalid(_("Some rows cannot be read. Mend the file, or have these rows left out."))
    if fault := number_fault(len(good)):
        raise Invalid(fault)
    if kept.question_set is not None:
        set_id = sets.add_version(set_id=kept.question_set.id, by=analyst, questions=good).question_set_id
    else:
        set_id = sets.create_set(by=analyst, questions=good, **naming.cleaned_data).id
    take_upload(kept)
    done = ngettext("%(count)d question is in the set.", "%(count)d questions are in the set.", len(good))
    messages.success(request, done % {"count": len(good)})
    return see_set(set_id)
