"""Comparing sessions."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.forms.fields import search_text
from accounts.principal import PrincipalRequest
from benchsessions.comparing import MOST, Show, compare
from benchsessions.forms.comparing import CompareForm, number_fault, sessions_named
from benchsessions.models import BenchSession
from benchsessions.opinions import cover_counts
from benchsessions.queries import analyst_of, sessions
from benchsessions.searching import holds
from benchsessions.side_by_side import side_by_side
from benchsessions.views.pages import bench_page
from tenants.numbers import page_asked

QUESTIONS_PER_PAGE = 50
SESSIONS_OFFERED = 30


@require_safe
@bench_page
def comparison(request: PrincipalRequest) -> HttpResponse:
    """Show sessions beside each other, or let them be chosen."""
    chosen = sessions_named(request.GET)
    fault = number_fault(chosen)
    if fault or "choose" in request.GET:
        return _choice(request, chosen, fault if chosen and "choose" not in request.GET else None)
    asked = CompareForm.read(request.GET)
    compared = compare(chosen, analyst_of(request.user))
    page = page_asked(request, compared.shown(asked["show"], asked["q"]), QUESTIONS_PER_PAGE)
    baselines = [_address_with_first(chosen, session) for session in chosen]
    counts = compared.counts()
    context = {
        "sides": list(zip(compared.totals, baselines, strict=True)),
        "asked": asked,
        "shows": [(show, counts[show]) for show in Show],
        "n_rows": len(compared.rows),
        "n_common": compared.totals[0].common.questions,
        "page": page,
        "rows": side_by_side(list(page.object_list), compared.totals),
    }
    return render(request, "bench/compare.html", context)


def _choice(request: PrincipalRequest, chosen: list[BenchSession], fault: str | None) -> HttpResponse:
    search = search_text(request.GET)
    offered = sessions().exclude(id__in=[session.id for session in chosen])
    if search:
        offered = offered.filter(holds("title", search))
    found = list(offered.select_related("question_set_version__question_set")[: SESSIONS_OFFERED + 1])
    cover_counts(analyst_of(request.user), [*chosen, *found])
    context = {
        "chosen": chosen,
        "offered": found[:SESSIONS_OFFERED],
        "has_more": len(found) > SESSIONS_OFFERED,
        "search": search,
        "fault": fault,
        "most": MOST,
    }
    return render(request, "bench/compare_choose.html", context)


def _address_with_first(chosen: list[BenchSession], first: BenchSession) -> str:
    """Return the address of the comparison with another baseline."""
    order = [first, *(session for session in chosen if session != first)]
    return f"{reverse('bench-compare')}?{urlencode([('s', session.id) for session in order])}"
