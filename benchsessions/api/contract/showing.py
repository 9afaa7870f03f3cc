"""A session as the contract answers it: what was sent as it was sent, and what we add beside it."""

from collections import Counter
from typing import Any

from benchsessions.api.contract.serializers import ListedSessionSerializer
from benchsessions.models import Analyst, Annotation, BenchSession
from benchsessions.queries import indexes_of, requests_of, response_of


def full_session(session: BenchSession, analyst: Analyst) -> dict[str, Any]:
    """Return a session whole, with the annotations of an analyst."""
    said = Annotation.objects.filter(session=session, data__isnull=False).order_by()
    reviews = Counter(said.values_list("item_id", flat=True))
    own = {row.item_id: row for row in said.filter(author=analyst)}
    annotations, meta = {}, {}
    for item_id, index in indexes_of(session).items():
        if row := own.get(item_id):
            annotations[str(index)] = row.data
            meta[str(index)] = _meta_of(row, analyst, reviews[item_id])
    return {
        **ListedSessionSerializer(session).data,
        "request": requests_of(session),
        "response": response_of(session),
        "annotations": annotations,
        "annotations_meta": {**meta, "replaced_characters": session.replaced_characters},
    }


def _meta_of(annotation: Annotation, author: Analyst, reviews: int) -> dict[str, Any]:
    """Return what we know of an annotation beside what it says."""
    return {
        "version": annotation.version,
        "status": "done" if annotation.rating else "draft",
        "by": author.login or None,
        "at": annotation.updated_at.isoformat().replace("+00:00", "Z"),
        "kind": "human",
        "reviews": reviews,
    }
