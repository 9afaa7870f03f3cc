"""Share links over HTTP, for their owners and the team's admins."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope, User
from accounts.names import in_print
from chats.models import Chat
from chats.queries import own_chats
from sharing import actions
from sharing.api.serializers import (
    LogQuerySerializer,
    LogSerializer,
    ShareChangeSerializer,
    ShareCreateSerializer,
    ShareDeletedSerializer,
    SharedSessionSerializer,
    ShareListQuerySerializer,
    ShareListSerializer,
    ShareSerializer,
)
from sharing.api.visitors import RoomView, given_in, look_in
from sharing.exceptions import ShareNotFound
from sharing.models import Share
from sharing.queries import managed_shares, shares_of, still_open
from sharing.tokens import ShareToken
from tenants.exceptions import Forbidden, NotFound
from tenants.managers import find

OF_OWNERS = frozenset({"PATCH", "DELETE"})


def _person(request: Request) -> User:
    return cast("User", request.user)  # the default permission lets nobody else in


def _managed(request: Request, token: str) -> Share:
    """Return a link that the caller may manage, looked up in their own team alone; any other is as if absent."""
    share = find(managed_shares(_person(request)), token_hash=ShareToken.parse(token).hash)
    if share is None:
        raise ShareNotFound()
    return share


@extend_schema(tags=["sharing"])
class ChatShareView(RoomView):
    write_scope = Scope.SHARES_WRITE

    @extend_schema(operation_id="create_share", request=ShareCreateSerializer, responses=ShareSerializer)
    def post(self, request: Request, chat_id: UUID) -> Response:
        """Make a link to one's own chat."""
        chat = find(own_chats(_person(request)).select_related("team", "user"), id=chat_id)
        if chat is None:
            raise NotFound()
        wanted = {"title": in_print(chat.title), **given_in(ShareCreateSerializer(data=request.data))}
        share = actions.create_share(chat=chat, **wanted)
        return Response(ShareSerializer(find(shares_of(chat), id=share.id)).data)


@extend_schema(tags=["sharing"])
class ChatSharesView(RoomView):
    read_scope = Scope.SHARES_READ

    @extend_schema(operation_id="list_shares", parameters=[ShareListQuerySerializer], responses=ShareListSerializer)
    def get(self, request: Request, chat_id: UUID) -> Response:
        """List the links of a chat, the newest first."""
        person = _person(request)
        chat = find(Chat.objects.all() if person.is_team_admin else own_chats(person), id=chat_id)
        if chat is None:
            raise NotFound()
        query = given_in(ShareListQuerySerializer(data=request.query_params.dict()))
        shares = shares_of(chat)
        shown = shares if query["include_expired"] else still_open(shares)
        return Response(ShareListSerializer({"shares": shown}).data)


@extend_schema(tags=["sharing"])
class ShareView(RoomView):
    """A link: shown to everybody, changed and revoked by those who manage it."""

    write_scope = Scope.SHARES_WRITE
    refusals = {"get": ["410", "429"], "patch": ["410"]}

    def get_authenticators(self) -> list[Any]:
        return super().get_authenticators() if self._is_of_owners else []

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions()] if self._is_of_owners else [AllowAny()]

    @property
    def _is_of_owners(self) -> bool:
        return getattr(self.request, "method", None) in OF_OWNERS  # there is none yet while the API is described

    @extend_schema(operation_id="shared_session", responses=SharedSessionSerializer)
    def get(self, request: Request, token: str) -> Response:
        """Show a room and what was said in it, as long as it is not full; it takes no place."""
        return look_in(request, token)

    @extend_schema(operation_id="change_share", request=ShareChangeSerializer, responses=ShareSerializer)
    def patch(self, request: Request, token: str) -> Response:
        """Extend or change a link, which its room hears of at once; an admin may extend that of another person."""
        share = _managed(request, token)
        changes = given_in(ShareChangeSerializer(data=request.data))
        days = changes.pop("days", None)
        if changes and share.chat.user_id != _person(request).id:
            raise Forbidden("Only the person of the chat may change more of a link than how long it is valid.")
        actions.check_changeable(share)
        if days is not None:
            changes["expires_at"] = timezone.now() + timedelta(days=days)
        if changes:
            actions.change_share(share=share, **changes)
        return Response(ShareSerializer(_managed(request, token)).data)

    @extend_schema(operation_id="delete_share", responses={200: ShareDeletedSerializer})
    def delete(self, request: Request, token: str) -> Response:
        """Revoke a link for good, which closes its room at once."""
        actions.revoke_share(share=_managed(request, token), by=_person(request))
        return Response(ShareDeletedSerializer({"success": True, "message": "Share deleted"}).data)


@extend_schema(tags=["sharing"])
class ShareLogView(RoomView):
    read_scope = Scope.SHARES_READ

    @extend_schema(operation_id="share_log", parameters=[LogQuerySerializer], responses=LogSerializer)
    def get(self, request: Request, token: str) -> Response:
        """Show who came by a link, the last first."""
        share = _managed(request, token)
        page = given_in(LogQuerySerializer(data=request.query_params.dict()))
        visits = share.participants.order_by("-asked_at", "-id")
        shown = visits[page["offset"] :][: page["limit"]]
        return Response(LogSerializer({"participants": shown, "total": visits.count()}).data)
