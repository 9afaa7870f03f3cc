"""What visitors may do, over HTTP: all they need is the link's token, and in the room the one of their place."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from sharing import leases
from sharing.api.serializers import (
    JoinedSerializer,
    JoinSerializer,
    LeaveSerializer,
    LeftSerializer,
    SaySerializer,
    SentSerializer,
    SharedSessionSerializer,
    StandingSerializer,
)
from sharing.entering import enter
from sharing.exceptions import JoinFirst, NameRequired, PasswordRequired, ShareFull
from sharing.leases import Seat
from sharing.models import Share
from sharing.queries import people_in, shown_messages
from sharing.shown import message_for_visitors
from sharing.speaking import say
from sharing.visits import Visit, forget_token, keep_token, visiting
from tenants.api.negotiation import AlwaysJSON

# A room is nobody's to keep, to list or to hand on.
KEPT_APART: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
SET_COOKIE = OpenApiParameter(
    "Set-Cookie",
    location=OpenApiParameter.HEADER,
    response=[200],
    description="share_<link>: the participant's token (path /), HttpOnly, SameSite=Lax.",
)


class BodyIsJSON(AlwaysJSON):
    """Read a body of which nobody says what it is as JSON: clients of this contract leave it unsaid."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return super().select_parser(request, parsers) if request.content_type else next(iter(parsers))


class RoomView(APIView):
    """A call about a link; every answer is kept out of caches, search engines and referrers."""

    content_negotiation_class = BodyIsJSON
    refusals: ClassVar[dict[str, list[str]]] = {}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        for name, value in KEPT_APART.items():
            answer[name] = value
        return answer


class VisitorView(RoomView):
    """A call for everybody; credentials of accounts that come along, good or bad, do not matter."""

    permission_classes = [AllowAny]
    authentication_classes = []


def given_in(serializer: Serializer[Any]) -> dict[str, Any]:
    """Return what a body or a query holds; raise a validation error on a bad one."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def look_in(request: Request, token: str) -> Response:
    """Show a room to whoever is in, and to others while a place is free; it takes none."""
    with visiting(request._request, token) as visit:
        if not visit.is_in:
            _check_open(visit.share)
        return Response(SharedSessionSerializer(_session(visit.share)).data)


def _check_open(share: Share) -> None:
    """Refuse somebody outside where they could not come in just so."""
    if share.password_hash:
        raise PasswordRequired()
    if share.asks_name:
        raise JoinFirst()
    standing = leases.standing(share)
    if standing.current_users + standing.waiting >= standing.max_concurrent_users:
        raise ShareFull()


def _session(share: Share) -> dict[str, Any]:
    return {
        "session_id": share.chat_id,
        "title": share.title,
        "description": share.description,
        "expires_at": share.expires_at,
        "max_concurrent_users": share.max_concurrent_users,
        "current_users": people_in(share).count(),
        "can_write": share.can_write,
        "history": [message_for_visitors(message, share) for message in shown_messages(share)],
    }


@extend_schema(tags=["sharing"])
class JoinView(VisitorView):
    refusals = {"post": ["410", "429"]}

    @extend_schema(
        operation_id="join_share", request=JoinSerializer, responses=JoinedSerializer, parameters=[SET_COOKIE]
    )
    def post(self, request: Request, token: str) -> Response:
        """Take a place in the room, or keep the one there is."""
        with visiting(request._request, token) as visit:
            seat = enter(visit, **given_in(JoinSerializer(data=request.data)))
            shown = {**_session(visit.share), "participant_token": seat.token}
            return _with_token(JoinedSerializer(shown), visit, seat)


@extend_schema(tags=["sharing"])
class LeaveView(VisitorView):
    refusals = {"post": ["410", "429"]}

    @extend_schema(operation_id="leave_share", request=LeaveSerializer, responses=LeftSerializer)
    def post(self, request: Request, token: str) -> Response:
        """Give back one's own place, and nobody else's."""
        with visiting(request._request, token) as visit:
            mine = given_in(LeaveSerializer(data=request.data)).get("token") or visit.token
            still_in = leases.leave(visit.share, token=mine)
            response = Response(LeftSerializer({"success": True, "current_users": still_in}).data)
            forget_token(request._request, response, visit.share, mine)
            return response


@extend_schema(tags=["sharing"])
class MessageView(VisitorView):
    refusals = {"post": ["409", "410", "429", "503"]}

    @extend_schema(
        operation_id="say_in_share", request=SaySerializer, responses=SentSerializer, parameters=[SET_COOKIE]
    )
    def post(self, request: Request, token: str) -> Response:
        """Say something, which the agent answers in front of everybody; whoever is not in joins by it."""
        with visiting(request._request, token) as visit:
            content = given_in(SaySerializer(data=request.data))["user_message"]
            shown = {"success": True, "message": "Message sent successfully", "session_id": visit.share.chat_id}
            if visit.is_in:
                say(visit, content)
                return Response(SentSerializer(shown).data)
            seat = _say_first(visit, content)
            return _with_token(SentSerializer({**shown, "participant_token": seat.token}), visit, seat)


def _say_first(visit: Visit, content: str) -> Seat:
    """Join by saying something; what is refused takes no place, since nobody would know whose it is."""
    try:
        seat = enter(visit)
    except NameRequired:
        raise JoinFirst() from None
    try:
        say(Visit(visit.share, visit.address, seat.token, seat.participant), content)
    except Exception:
        if visit.participant is None:
            leases.leave(visit.share, token=seat.token)
        raise
    return seat


def _with_token(shown: Serializer[Any], visit: Visit, seat: Seat) -> Response:
    response = Response(shown.data)
    keep_token(response, visit.share, seat)
    return response


@extend_schema(tags=["sharing"])
class HeartbeatView(VisitorView):
    refusals = {"post": ["410", "429"]}

    @extend_schema(operation_id="keep_place_in_share", request=None, responses=StandingSerializer)
    def post(self, request: Request, token: str) -> Response:
        """Keep one's place, for a program that neither streams nor opens the socket."""
        with visiting(request._request, token) as visit:
            mine = visit.participant
            if mine is None or not visit.is_in or not leases.renew(visit.share.id, [mine.id]):
                raise JoinFirst()
            return Response(StandingSerializer(leases.standing(visit.share)).data)
