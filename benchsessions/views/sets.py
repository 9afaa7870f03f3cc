"""The pages of question sets: all of them, one with its versions, and the question that is changed."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Max, OuterRef, Subquery
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.fields import search_text
from accounts.principal import PrincipalRequest
from benchsessions import sets
from benchsessions.exceptions import QuestionNotFound, SetNotFound
from benchsessions.forms.sets import QuestionForm, SetForm
from benchsessions.models import Question, QuestionSet, QuestionSetVersion
from benchsessions.queries import analyst_of
from benchsessions.searching import holds
from benchsessions.views.pages import bench_page
from tenants.exceptions import ParleyError
from tenants.managers import find
from tenants.numbers import page_asked

SETS_PER_PAGE: Final = 50
QUESTIONS_PER_PAGE: Final = 50


@require_safe
@bench_page
def set_list(request: PrincipalRequest) -> HttpResponseBase:
    """Show the team's sets with the newest version of each."""
    archived, search = "archived" in request.GET, search_text(request.GET)
    newest = QuestionSetVersion.objects.filter(question_set=OuterRef("pk")).order_by("-number")
    found = QuestionSet.objects.filter(is_archived=archived).annotate(
        number=Max("versions__number"),
        n_sessions=Count("versions__sessions"),
        newest_id=Subquery(newest.values("id")[:1]),
        n_questions=Subquery(newest.values("n_questions")[:1]),
        changed_at=Subquery(newest.values("created_at")[:1]),
    )
    if search:
        found = found.filter(holds("name", search) | holds("description", search))
    page = page_asked(request, found.order_by("name", "id"), SETS_PER_PAGE)
    return render(request, "bench/sets.html", {"page": page, "archived": archived, "search": search})


@require_safe
@bench_page
def one_set(request: PrincipalRequest, set_id: UUID) -> HttpResponseBase:
    """Show the questions of a version of a set, the newest if none is named."""
    question_set = set_with(set_id)
    versions = list(question_set.versions.annotate(n_sessions=Count("sessions")))
    version = version_named(versions, request.GET.get("version", ""))
    search, tag = search_text(request.GET), request.GET.get("tag", "").replace("\0", "")
    found = version.questions.all()
    if search:
        found = found.filter(holds("body", search) | holds("reference_answer", search) | holds("external_id", search))
    tags = _tags_of(version)
    if tag:
        found = found.filter(position__in=tags.get(tag, []))
    context = {
        "question_set": question_set,
        "versions": versions,
        "version": version,
        "is_open": version.frozen_at is None and version == versions[0],
        "page": page_asked(request, found, QUESTIONS_PER_PAGE),
        "search": search,
        "tag": tag,
        "tags": sorted(tags),
    }
    return render(request, "bench/set.html", context)


@require_POST
@bench_page
def begin(request: PrincipalRequest, set_id: UUID) -> HttpResponseBase:
    """Open the newest version of a set for changes; one that was used is copied into the next."""
    sets.begin_change(set_id=set_id, by=analyst_of(request.user))
    return see_set(set_id)


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def change(request: PrincipalRequest, set_id: UUID) -> HttpResponseBase:
    """Rename a set, or say anew what it is for."""
    question_set = set_with(set_id)
    shown = {"name": question_set.name, "description": question_set.description}
    form = SetForm(request.POST or None, initial=shown)
    if form.is_valid():
        try:
            sets.change_set(set_id=set_id, **form.cleaned_data)
            return see_set(set_id)
        except ParleyError as error:
            form.refuse(error)
    return render(request, "bench/set_change.html", {"question_set": question_set, "form": form})


@require_POST
@bench_page
def archive(request: PrincipalRequest, set_id: UUID) -> HttpResponseBase:
    """Put a set away, or bring it back."""
    question_set = sets.change_set(set_id=set_id, is_archived=request.POST.get("archived") == "1")
    done = _("“%(name)s” is in the archive.") if question_set.is_archived else _("“%(name)s” is back.")
    messages.success(request, done % {"name": question_set.name})
    return see_set(set_id)


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def duplicate(request: PrincipalRequest, set_id: UUID) -> HttpResponseBase:
    """Make a set of its own of the newest version of another."""
    question_set = set_with(set_id)
    named = _("Copy of %(name)s") % {"name": question_set.name}
    form = SetForm(request.POST or None, initial={"name": named[:200], "description": question_set.description})
    if form.is_valid():
        try:
            made = sets.duplicate_set(set_id=set_id, by=analyst_of(request.user), **form.cleaned_data)
            return see_set(made.id)
        except ParleyError as error:
            form.refuse(error)
    return render(request, "bench/set_change.html", {"question_set": question_set, "form": form, "is_copy": True})


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def question(request: PrincipalRequest, set_id: UUID, position: int | None = None) -> HttpResponseBase:
    """Change one question of the newest version of a set, take it out, or add one."""
    question_set = set_with(set_id)
    version = question_set.versions.order_by("-number")[0]
    changed = None if position is None else _question_at(version, position)
    form = QuestionForm(request.POST or None, wording=sets.wording_of(changed) if changed else None)
    if request.method == "POST" and "delete" in request.POST and position is not None:
        sets.delete_question(version_id=version.id, position=position)
        messages.success(request, _("The question is taken out."))
        return see_set(set_id)
    if form.is_valid():
        try:
            stood = form.cleaned_data["stood"]
            sets.save_question(version_id=version.id, position=position, wording=form.wording(), stood=stood)
            messages.success(request, _("The question is saved."))
            return see_set(set_id)
        except ParleyError as error:
            form.refuse(error)
    context = {"question_set": question_set, "version": version, "form": form, "question": changed}
    return render(request, "bench/set_question.html", context)


def set_with(set_id: UUID) -> QuestionSet:
    """Return a set of the team; raise `SetNotFound`."""
    question_set = find(QuestionSet.objects.all(), id=set_id)
    if question_set is None:
        raise SetNotFound()
    return question_set


def version_named(versions: list[Any], number: str) -> Any:
    """Return the version that an address names, the newest for none; raise `Http404` for one that is not there."""
    if not number:
        return versions[0]
    found = [version for version in versions if str(version.number) == number]
    if not found:
        raise Http404
    return found[0]


def see_set(set_id: UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("bench-set", args=[set_id]), status=303)


def _question_at(version: QuestionSetVersion, position: int) -> Question:
    found = find(Question.objects.all(), version=version, position=position)
    if found is None:
        raise QuestionNotFound()
    return found


def _tags_of(version: QuestionSetVersion) -> dict[str, list[int]]:
    """Return where in a version each tag stands: databases search lists in JSON each in its own way."""
    places: dict[str, list[int]] = {}
    for position, tags in version.questions.values_list("position", "tags"):
        for tag in tags:
            places.setdefault(tag, []).append(position)
    return places
