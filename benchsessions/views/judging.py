"""What the forms of the review page do; its scripts do the same through the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.principal import PrincipalRequest
from benchsessions.annotating import save_annotation
from benchsessions.exceptions import ChangedMeanwhile
from benchsessions.flagging import raise_flag, resolve_flag
from benchsessions.forms.judgement import judgement, said_in
from benchsessions.models import Analyst, Annotation, Item
from benchsessions.models.annotations import FLAG_CHARS
from benchsessions.queries import analyst_of, session_with
from benchsessions.reviewing import Selection, annotations_on, carried, item_with, neighbours, own_annotation
from benchsessions.sections import read_annotation
from benchsessions.views.pages import bench_page
from benchsessions.views.review import query_of, review_page, selected
from tenants.exceptions import Invalid
from tenants.managers import find
from tenants.numbers import number_in

NEVER = -1


@require_POST
@bench_page
def judge(request: PrincipalRequest, bench_id: UUID, index: int) -> HttpResponse:
    """Keep what the form says of an answer and lead on; what is refused is shown again, so that nothing is lost."""
    session, viewer = session_with(bench_id), analyst_of(request.user)
    found = item_with(session, index)
    own = own_annotation(found, viewer)
    data = _wanted(request.POST, found, viewer, own)
    try:
        save_annotation(
            session_id=bench_id,
            index=index,
            author=viewer,
            data=None if data is None else read_annotation(data, "data"),
            version=_version(request.POST.get("version", "")),
        )
    except (ChangedMeanwhile, Invalid) as refusal:
        standing = judgement(own.data if own else None)
        is_late = isinstance(refusal, ChangedMeanwhile)
        shown = {"judgement": judgement(data), "refusal": refusal, "meanwhile": standing if is_late else None}
        response = review_page(request, bench_id, index, **shown)
        refusal.mark(response)
        return response
    return _lead_on(selected(request, session, viewer), index, is_next=request.POST.get("then") == "next")


@require_POST
@bench_page
def flag(request: PrincipalRequest, bench_id: UUID, index: int) -> HttpResponse:
    """Ask to discuss an answer."""
    session, viewer = session_with(bench_id), analyst_of(request.user)
    comment = request.POST.get("comment", "").replace("\0", "")[:FLAG_CHARS]
    raise_flag(session_id=bench_id, index=index, author=viewer, comment=comment)
    return _lead_on(selected(request, session, viewer), index)


@require_POST
@bench_page
def resolve(request: PrincipalRequest, bench_id: UUID, flag_id: UUID) -> HttpResponse:
    """Note that what a flag asks for was discussed."""
    session, viewer = session_with(bench_id), analyst_of(request.user)
    resolved = resolve_flag(session_id=bench_id, flag_id=flag_id, by=viewer)
    return _lead_on(selected(request, session, viewer), resolved.item.index)


def _wanted(form: QueryDict, found: Item, viewer: Analyst, own: Annotation | None) -> dict[str, Any] | None:
    """Return what is to be kept: an earlier version, what was said the time before, or what the form says."""
    if "revision" in form and own:
        earlier = find(own.revisions.all(), version=_version(form.get("revision", "")))
        return earlier.data if earlier else own.data
    if "carry" in form and found.previous:
        before = carried(found, annotations_on(found.previous, viewer), viewer)
        return before.data if before else None
    return said_in(form, own.data if own else None)


def _version(text: str) -> int:
    number = number_in(text)
    return NEVER if number is None else number


def _lead_on(selection: Selection, index: int, *, is_next: bool = False) -> HttpResponse:
    """Lead to the next question, or back to the same one."""
    following = neighbours(selection.indexes(), index).after if is_next else index
    page = reverse("bench-session", args=[selection.session.id])
    here = index if following is None else following
    address = "&".join(filter(None, (f"item={here + 1}", query_of(selection))))
    return HttpResponseRedirect(f"{page}?{address}", status=303)
