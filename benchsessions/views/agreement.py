"""Second opinions on a session: who is asked, how far people agree, and what is decided where they do not."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.principal import PrincipalRequest
from benchsessions import disagreements, opinions
from benchsessions.agreement import agreement_of, raters_of
from benchsessions.forms.opinions import AskForm, PairForm
from benchsessions.models import BenchSession
from benchsessions.queries import analyst_of, analyst_with, session_with
from benchsessions.views.pages import bench_page
from tenants.exceptions import ParleyError
from tenants.managers import find
from tenants.numbers import page_asked

PER_PAGE: Final = 20
LATEST: Final = 5


@require_safe
@bench_page
def agreement(request: PrincipalRequest, bench_id: UUID) -> HttpResponse:
    """Show second opinions and disagreements; to somebody who was asked, no more than how far they are."""
    session, viewer = session_with(bench_id), analyst_of(request.user)
    asked = opinions.opinions_on(session)
    own = find(asked, reviewer=viewer)
    if own is not None:
        return render(request, "bench/agreement_blind.html", {"session": session, "opinion": own})
    shows_decided = request.GET.get("show") == "decided"
    disputed, decided = disagreements.to_decide(session), disagreements.decided(session)
    page = page_asked(request, decided if shows_decided else disputed, PER_PAGE)
    context = {
        "session": session,
        "viewer": viewer,
        "opinions": list(asked),
        "form": AskForm(by=request.user),
        "page": page,
        "rows": disagreements.shown(page.object_list),
        "shows_decided": shows_decided,
        "n_disputed": disputed.count() if shows_decided else page.paginator.count,
        "n_decided": page.paginator.count if shows_decided else decided.count(),
        "latest": [] if shows_decided else disagreements.shown(decided[:LATEST]),
        **_compared(request, session),
    }
    return render(request, "bench/agreement.html", context)


@require_POST
@bench_page
def ask(request: PrincipalRequest, bench_id: UUID) -> HttpResponse:
    """Ask a colleague for a second opinion."""
    session = session_with(bench_id)
    form = AskForm(request.POST, by=request.user)
    if not form.is_valid():
        messages.error(request, _("Choose a colleague of your team, and how much there is to judge."))
        return _see(session)
    colleague, every = form.cleaned_data["colleague"], form.cleaned_data["every"]
    reviewer, by = analyst_of(colleague), analyst_of(request.user)
    opinions.ask_second_opinion(session_id=session.id, reviewer=reviewer, by=by, every=every)
    messages.success(request, format_html(_("<bdi>{}</bdi> is asked, and finds the session on their list."), colleague))
    return _see(session)


@require_POST
@bench_page
def withdraw(request: PrincipalRequest, bench_id: UUID, analyst_id: UUID) -> HttpResponse:
    """Ask a colleague no more."""
    session, reviewer = session_with(bench_id), analyst_with(analyst_id)
    opinions.withdraw(session_id=session.id, reviewer=reviewer, by=analyst_of(request.user))
    messages.success(request, format_html(_("<bdi>{}</bdi> is asked no more."), reviewer))
    return _see(session)


@require_POST
@bench_page
def decide(request: PrincipalRequest, bench_id: UUID, index: int) -> HttpResponse:
    """Say which verdict counts, or with none that the decision is taken back; lead on to the next that differs."""
    session, by = session_with(bench_id), analyst_of(request.user)
    rating = request.POST.get("rating", "")
    try:
        if rating:
            opinions.decide(session_id=session.id, index=index, rating=rating, by=by)
        else:
            opinions.undecide(session_id=session.id, index=index, by=by)
    except ParleyError as refusal:
        if refusal.status != 400:
            raise
        messages.error(request, refusal.sentence)
        return _see(session)
    if not rating:
        return _see(session, anchor=f"question-{index + 1}")
    following = disagreements.to_decide(session).filter(index__gt=index).values_list("index", flat=True).first()
    asked = {name: request.POST[name] for name in ("one", "other", "page") if request.POST.get(name)}
    return _see(session, asked, anchor="disagreements" if following is None else f"question-{following + 1}")


def _compared(request: PrincipalRequest, session: BenchSession) -> dict[str, Any]:
    raters = raters_of(session)
    if len(raters) < 2:
        return {"raters": raters}
    form = PairForm(request.GET, raters)
    one, other = form.pair
    found = agreement_of(session, one.analyst, other.analyst)
    ratings, counts = found.table()
    return {
        "raters": raters,
        "pair": form,
        "one": one.analyst,
        "other": other.analyst,
        "agreement": found,
        "percent": None if found.share is None else 100 * found.share,
        "ratings": ratings,
        "table": list(zip(ratings, counts, strict=True)),
    }


def _see(session: BenchSession, asked: dict[str, str] | None = None, anchor: str = "") -> HttpResponse:
    address = reverse("bench-agreement", args=[session.id])
    query = f"?{urlencode(asked)}" if asked else ""
    return HttpResponseRedirect(f"{address}{query}{'#' if anchor else ''}{anchor}", status=303)
