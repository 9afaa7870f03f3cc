"""A session as the contract answers it: what was sent as it was sent, and what we add beside it."""

from typing import Any

from django.db.models import Count

from benchsessions.api.contract.serializers import ListedSessionSerializer
from benchsessions.models import Analyst, Annotation, BenchSession
from benchsessions.queries import requests_of, response_of


def full_session(session: BenchSession, analyst: Analyst) -> dict[str, Any]:
    """Return a session whole, with the annotations of an analyst."""
    own = Annotation.objects.filter(session=session, author=analyst, data__isnull=False).order_by("item__index")
    said = list(own.values_list("item__index", "data", "version", "rating", "updated_at"))
    reviews = _reviews_of(session) if said else {}
    meta = {
        str(index): {
            "version": version,
            "status": "done" if rating else "draft",
            "by": analyst.login or None,
            "at": at.isoformat().replace("+00:00", "Z"),
            "kind": "human",
            "reviews": reviews[index],
        }
        for index, _data, version, rating, at in said
    }
    return {
        **ListedSessionSerializer(session).data,
        "request": requests_of(session),
        "response": response_of(session),
        "annotations": {str(index): data for index, data, *_rest in said},
        "annotations_meta": {**meta, "replaced_characters": session.replaced_characters},
    }


def _reviews_of(session: BenchSession) -> dict[int, int]:
    """Return by index how many people have said something of an answer."""
    judged = Annotation.objects.filter(session=session, data__isnull=False)
    counted = judged.order_by().values("item__index").annotate(people=Count("id"))
    return dict(counted.values_list("item__index", "people"))
