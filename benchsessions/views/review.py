"""The review of a session: going through its questions and judging the answers."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.principal import PrincipalRequest
from benchsessions.answers import read_answer
from benchsessions.diffs import word_diff
from benchsessions.filters import ItemFilter
from benchsessions.forms.judgement import judgement
from benchsessions.models import Analyst, BenchSession, Item, ItemStatus
from benchsessions.models.sessions import FAILED
from benchsessions.opinions import Sight, sight_of
from benchsessions.queries import analyst_of, response_of, session_with
from benchsessions.reviewing import (
    Selection,
    annotations_on,
    carried,
    flags_of,
    item_with,
    neighbours,
    own_annotation,
    rail_rows,
    read_short,
    written_short,
)
from benchsessions.rubric import accuracy
from benchsessions.running.standing import standing
from benchsessions.shown import shown
from benchsessions.views.pages import bench_page
from tenants.numbers import number_in

RAIL_ROWS = 100


@require_GET
@bench_page
def review(request: PrincipalRequest, bench_id: UUID) -> HttpResponse:
    """Show a session: the rail of its questions, one of them with its answer, and the form to judge it."""
    return review_page(request, bench_id, index_asked(request.GET.get("item", "")))


@require_GET
@bench_page
def item(request: PrincipalRequest, bench_id: UUID, index: int) -> HttpResponse:
    """Give one question and its form, for a page that shows the rest already."""
    session, viewer = session_with(bench_id), analyst_of(request.user)
    selection = selected(request, session, viewer)
    return render(request, "bench/_review_item.html", item_context(request, selection, viewer, index))


@require_GET
@bench_page
def rail(request: PrincipalRequest, bench_id: UUID) -> HttpResponse:
    """Give rows of the rail by the questions' indexes (`?at=0-99`), the filters' counts, and how far it is judged."""
    session, viewer = session_with(bench_id), analyst_of(request.user)
    sight, selection = sight_of(viewer, session.id), selected(request, session, viewer)
    context = {
        "session": session,
        "rows": rail_rows(session, sight, read_short(request.GET.get("at", ""), RAIL_ROWS)),
        "selection": selection,
        "query": query_of(selection),
        "filters": _filters(selection),
        **_progress(session, sight),
    }
    return render(request, "bench/_review_rail.html", context)


@require_GET
@bench_page
def raw_response(request: PrincipalRequest, bench_id: UUID) -> HttpResponse:
    """Give the response of a session as it came."""
    response = JsonResponse(response_of(session_with(bench_id)), safe=False, json_dumps_params={"ensure_ascii": False})
    response["Content-Disposition"] = f'inline; filename="{bench_id}.json"'
    return response


def selected(request: PrincipalRequest, session: BenchSession, viewer: Analyst) -> Selection:
    """Return the questions that the address, or the form, goes through."""
    asked = request.POST if request.method == "POST" else request.GET
    return Selection.of(session, viewer, asked.get("filter", ""), asked.get("q", ""))


def query_of(selection: Selection) -> str:
    """Return what an address says of a selection, empty for all questions."""
    said = {"filter": selection.name if selection.name != ItemFilter.ALL else "", "q": selection.search}
    return urlencode({name: value for name, value in said.items() if value})


def index_asked(number: str) -> int | None:
    """Read which question an address names; people count from one."""
    known = number_in(number)
    return known - 1 if known else None


def review_page(request: PrincipalRequest, bench_id: UUID, index: int | None, **extra: Any) -> HttpResponse:
    """Show the page at a question, at the first that is not rated unless one is named."""
    session, viewer = session_with(bench_id), analyst_of(request.user)
    selection = selected(request, session, viewer)
    indexes = selection.indexes()
    if index is None:
        index = selection.next_unrated(-1)
    if index is None and indexes:
        index = indexes[0]
    sight = sight_of(viewer, session.id)
    context: dict[str, Any] = {
        "session": session,
        "viewer": viewer,
        "selection": selection,
        "query": query_of(selection),
        "filters": _filters(selection),
        "n_selected": len(indexes),
        "indexes": "" if selection.is_whole else written_short(indexes),
        "standing": standing(session),
        **_progress(session, sight),
        **_rail_page(request, session, sight, indexes, index),
    }
    if index is not None:
        context |= item_context(request, selection, viewer, index) | extra
        context["neighbours"] = neighbours(indexes, index)
    return render(request, "bench/review.html", context)


def item_context(request: PrincipalRequest, selection: Selection, viewer: Analyst, index: int) -> dict[str, Any]:
    """Return all that is shown of one question."""
    session = selection.session
    found = item_with(session, index)
    previous = found.previous
    known = [found, previous] if previous else [found]
    sight = sight_of(viewer, *{one.session_id for one in known})
    sight.cover(known)
    own = own_annotation(found, viewer)
    return {
        "session": session,
        "viewer": viewer,
        "item": found,
        "answer": shown(found, whole="whole" in request.GET),
        "is_failed": found.status in FAILED,
        "is_pending": found.status == ItemStatus.PENDING,
        "annotation": own,
        "own_data": own.data if own else None,
        "version": own.version if own else 0,
        "judgement": judgement(own.data if own else None),
        "revisions": own.revisions.all()[1:11] if own else [],
        "others": [one for one in annotations_on(found, viewer) if one.author_id != viewer.id],
        "is_blind": not sight.sees(found),
        "flags": flags_of(found, viewer),
        "query": query_of(selection),
        "selection": selection,
        "next_unrated": selection.next_unrated(index),
        **_previously(found, previous, viewer),
    }


def _previously(found: Item, previous: Item | None, viewer: Analyst) -> dict[str, Any]:
    """Return what was answered and said the time before."""
    if previous is None or previous.session.deleted_at:
        return {}
    said = annotations_on(previous, viewer)
    text, before = read_answer(found.answer).text, read_answer(previous.answer).text
    return {
        "previous": previous,
        "previously_said": said,
        "carried": carried(found, said, viewer),
        "diff": word_diff(before, text) if before != text else [],
    }


def _progress(session: BenchSession, sight: Sight) -> dict[str, Any]:
    """Return how far a session is judged and how well it did, in per cent; a blind reviewer sees nothing of it."""
    if session.id in sight.blind_in:
        return {"n_own": len(sight.rated)}
    shares = accuracy(
        correct=session.n_correct,
        partly=session.n_partly,
        rated=session.n_rated,
        not_applicable=session.n_not_applicable,
    )
    return {
        "strict": 100 * shares[0] if shares else None,
        "lenient": 100 * shares[1] if shares else None,
        "n_judged": session.n_rated - session.n_not_applicable,
    }


def _filters(selection: Selection) -> list[dict[str, Any]]:
    counts = selection.counts()
    return [
        {"name": name, "label": label, "count": counts[name], "is_chosen": name == selection.name}
        for name, label in ItemFilter.choices
    ]


def _rail_page(
    request: PrincipalRequest, session: BenchSession, sight: Sight, indexes: list[int], index: int | None
) -> dict[str, Any]:
    """Return the stretch of the rail that holds a question, or the one that is asked for."""
    place = indexes.index(index) if index in indexes else 0
    asked = index_asked(request.GET.get("rail", ""))
    known = place if asked is None else min(asked, max(0, len(indexes) - 1))
    start = known // RAIL_ROWS * RAIL_ROWS
    return {
        "rows": rail_rows(session, sight, indexes[start : start + RAIL_ROWS]),
        "rail_start": start,
        "rail_before": start - RAIL_ROWS + 1 if start else None,
        "rail_after": start + RAIL_ROWS + 1 if start + RAIL_ROWS < len(indexes) else None,
    }
