"""The list of sessions, and what is done to one from there: renamed, deleted, restored."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.principal import PrincipalRequest
from benchsessions import keeping
from benchsessions.comparing import FEWEST, MOST
from benchsessions.exceptions import SessionNotFound
from benchsessions.forms.listing import ListForm, TitleForm
from benchsessions.listing import Cursor, deleted_sessions, page_of, row_of, sessions_asked_for
from benchsessions.models import Annotation, BenchSession, EnvironmentSettings, QuestionSet, Target
from benchsessions.opinions import asked_of, cover_counts, sessions_blind_to
from benchsessions.queries import analyst_of, session_with
from benchsessions.views.pages import PART, bench_page
from tenants.exceptions import Forbidden, ParleyError
from tenants.managers import find


@require_safe
@bench_page
def session_list(request: PrincipalRequest) -> HttpResponse:
    """Show the team's sessions, the newest first, or those that were deleted not long ago."""
    form = ListForm.read(request.GET)
    shown, after = page_of(sessions_asked_for(form.cleaned_data), Cursor.read(request.GET.get("after", "")))
    viewer = analyst_of(request.user)
    blind_in = sessions_blind_to(viewer, [session.id for session in shown])
    rows = [
        row_of(session, may_manage=keeping.may_manage(request.user, session), is_blind=session.id in blind_in)
        for session in shown
    ]
    context = {
        "form": form,
        "rows": rows,
        "after": after,
        "is_later_page": "after" in request.GET,
        "deleted": form.cleaned_data["deleted"],
        "opinions": list(asked_of(viewer)),
        "fewest": FEWEST,
        "most": MOST,
        **({} if rows else _first_steps(request)),
    }
    page = "bench/_session_table.html" if PART in request.GET else "bench/sessions.html"
    return render(request, page, context)


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def rename(request: PrincipalRequest, bench_id: UUID) -> HttpResponse:
    """Let a session be called something else."""
    session = _managed(request, bench_id)
    form = TitleForm(
        request.POST if request.method == "POST" else None, initial={"title": session.title}, label_suffix=""
    )
    if request.method != "POST" or not form.is_valid():
        return render(request, "bench/session_rename.html", {"session": session, "form": form})
    keeping.rename_session(session_id=session.id, title=form.cleaned_data["title"])
    messages.success(request, _("The session is renamed."))
    return _see_list()


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def delete(request: PrincipalRequest, bench_id: UUID) -> HttpResponse:
    """Ask whether a session is to be deleted, for its name where somebody judged answers of it, then delete it."""
    session = _managed(request, bench_id)
    asks_name = Annotation.objects.filter(session=session).exclude(data=None).exists()
    is_named = request.POST.get("name", "").split() == str(session).split()
    if request.method != "POST" or (asks_name and not is_named):
        cover_counts(analyst_of(request.user), [session])
        context = {"session": session, "asks_name": asks_name, "is_refused": request.method == "POST"}
        return render(request, "bench/session_delete.html", context)
    try:
        keeping.delete_session(session_id=session.id)
    except ParleyError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, _("The session is deleted. It can be restored under “Deleted”."))
    return _see_list()


@require_POST
@bench_page
def restore(request: PrincipalRequest, bench_id: UUID) -> HttpResponse:
    """Bring a deleted session back."""
    session = find(deleted_sessions(), id=bench_id)
    if session is None:
        raise SessionNotFound()
    _check_may_manage(request, session)
    keeping.restore_session(session_id=session.id)
    messages.success(request, _("The session is restored."))
    return _see_list()


def _managed(request: PrincipalRequest, bench_id: UUID) -> BenchSession:
    session = session_with(bench_id)
    _check_may_manage(request, session)
    return session


def _check_may_manage(request: PrincipalRequest, session: BenchSession) -> None:
    if not keeping.may_manage(request.user, session):
        raise Forbidden(_("Only the person of a session and admins of the team may do this."))


def _first_steps(request: PrincipalRequest) -> dict[str, Any]:
    """Tell what is there already of what a first session needs."""
    return {
        "has_target": Target.objects.exists(),
        "has_settings": EnvironmentSettings.objects.filter(analyst__user=request.user).exists(),
        "has_set": QuestionSet.objects.exists(),
    }


def _see_list() -> HttpResponse:
    return HttpResponseRedirect(reverse("bench-sessions"), status=303)
