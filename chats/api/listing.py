"""Chats in a list, a page at a time."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from chats.api.serializers import ChatSerializer
from chats.models import Chat, Message

LISTED_MESSAGES = 2


def listed(request: Request, chats: QuerySet[Chat], page: dict[str, Any], shows: type[ChatSerializer]) -> Response:
    """Answer with a page of chats, each with its last two messages; headers say how many there are and what is next."""
    total = chats.count()
    shown = list(chats.prefetch_related(with_messages(LISTED_MESSAGES))[page["offset"] :][: page["limit"]])
    for chat in shown:
        chat.shown_messages.reverse()
    response = Response(shows(shown, many=True).data)
    response["X-Total-Count"] = str(total)
    if link := _link(request, total, page):
        response["Link"] = link
    return response


def with_messages(last: int | None = None) -> Prefetch:
    """Read a chat's messages along: all in their order, or so many, the last first."""
    messages = Message.objects.prefetch_related("attachments")
    rows = messages.order_by("position") if last is None else messages.order_by("-position")[:last]
    return Prefetch("messages", queryset=rows, to_attr="shown_messages")


def _link(request: Request, total: int, page: dict[str, Any]) -> str:
    """Return the Link header (RFC 8288) of a page; empty for the only one."""
    limit, offset = page["limit"], page["offset"]
    places = {}
    if offset > 0:
        places["prev"] = max(0, offset - limit)
    if offset + limit < total:
        places["next"] = offset + limit
    here = request.build_absolute_uri(request.path)
    query = request.query_params.dict()
    return ", ".join(
        f'<{here}?{urlencode({**query, "limit": limit, "offset": place})}>; rel="{rel}"'
        for rel, place in places.items()
    )
