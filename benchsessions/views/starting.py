"""The page that starts a session."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.principal import PrincipalRequest
from benchsessions.exceptions import SessionNotFound
from benchsessions.forms.starting import MORE, StartForm
from benchsessions.models import Analyst, BenchSession, QuestionSetVersion
from benchsessions.offers import offers_to
from benchsessions.queries import analyst_of, session_with
from benchsessions.starting import Only, questions_again, start_session
from benchsessions.views.pages import bench_page
from tenants.exceptions import ParleyError


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def new_session(request: PrincipalRequest) -> HttpResponse:
    """Let somebody choose questions and an environment, and start asking; `?from=` takes those of a session again."""
    analyst = analyst_of(request.user)
    source, only = _source(request.GET)
    again = questions_again(source, only, analyst) if source else None
    form = StartForm(
        request.POST if request.method == "POST" else None,
        offers=offers_to(request.user, analyst),
        versions=_versions(),
        again=again,
        initial=_initial(request.GET, source),
    )
    context = {
        "form": form,
        "source": source,
        "only": only,
        "again": again,
        "choices": Only.choices,
        "more": [form[name] for name in MORE],
    }
    if request.method != "POST" or not form.is_valid():
        return render(request, "bench/new.html", context)
    if form.is_repeat():
        messages.info(request, _("This session was started already."))
        return HttpResponseRedirect(reverse("bench-sessions"), status=303)
    try:
        session = _start(form, analyst, source, only)
    except ParleyError as error:
        form.refuse(error)
        return render(request, "bench/new.html", context)
    return HttpResponseRedirect(reverse("bench-session", args=[session.id]), status=303)


def _start(form: StartForm, analyst: Analyst, source: BenchSession | None, only: Only) -> BenchSession:
    given = form.cleaned_data
    values = form.offers[given["environment"]].values
    wanted = {"withClassify": given["with_classify"], "resetSessionMode": given["reset_session"]}
    whole = source.question_set_version if source and only == Only.ALL else None
    return start_session(
        by=analyst,
        environment=given["environment"],
        api_mode=given["api_mode"],
        questions=form.asked or None,
        settings=values | {name: value for name, value in wanted.items() if value is not None},
        title=given["title"],
        version=given.get("version") or whole,
        set_name=given["set_name"],
        with_docs=given["with_docs"],
        batch_size=given["batch_size"] or 0,
        max_concurrent=given["max_concurrent"],
        stop_after_errors=given["stop_after_errors"],
        with_classify=given["with_classify"],
        reset_session=given["reset_session"],
    )


def _source(asked: QueryDict) -> tuple[BenchSession | None, Only]:
    """Return the session whose questions are asked again, and which of them; raise `SessionNotFound`."""
    named, only = asked.get("from"), asked.get("only", "")
    if not named:
        return None, Only.ALL
    try:
        session = session_with(UUID(named))
    except ValueError:
        raise SessionNotFound() from None
    return session, Only(only) if only in Only.values else Only.ALL


def _versions() -> QuerySet[QuestionSetVersion]:
    """Return the versions that can be chosen: of each set that is not archived, the last first."""
    versions = QuestionSetVersion.objects.filter(question_set__is_archived=False, n_questions__gt=0)
    return versions.select_related("question_set").order_by("question_set__name", "-number")


def _initial(asked: QueryDict, source: BenchSession | None) -> dict[str, Any]:
    if source is None:
        return {"version": asked.get("version"), "environment": asked.get("environment")}
    return {"environment": source.environment, "api_mode": source.api_mode}
