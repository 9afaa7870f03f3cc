"""Chats over HTTP."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from chats import actions
from chats.api.colleagues import Colleagues
from chats.api.listing import listed, with_messages
from chats.api.reading import idempotency_key, said_in
from chats.api.serializers import (
    ChatCreateSerializer,
    ChatListQuerySerializer,
    ChatSerializer,
    ChatUpdateSerializer,
    MessageSerializer,
    SendSerializer,
    StopSerializer,
    UploadSerializer,
)
from chats.api.streams import EVENT_STREAM, resumed, stream, whole
from chats.attachments import MEDIA_TYPES
from chats.exceptions import ReadOnly
from chats.files import file_response
from chats.frames import Source
from chats.models import Chat
from chats.queries import last_answer, may_write, own_chats, readable_attachments, readable_chats
from chats.speakers import Speaker
from tenants.api.parsers import UploadJSONParser
from tenants.exceptions import NotFound
from tenants.managers import find

IDEMPOTENCY_KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="Makes a repeat safe.")
LAST_EVENT_ID = OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER, description="Where to go on.")
FOR_COLLEAGUES = {"retrieve", "stream", "stop", "read"}
EVENTS = {(200, EVENT_STREAM): OpenApiTypes.STR}


@extend_schema(tags=["chats"])
class ChatViewSet(Colleagues):
    """A person's own chats, and those that colleagues let them into, as far as they may."""

    serializer_class = ChatSerializer
    read_scope, write_scope = Scope.CHATS_READ, Scope.CHATS_WRITE
    refusals: ClassVar[dict[str, list[str]]] = {
        "create": ["404"],
        "send": ["409", "422", "429", "502", "503", "504"],
    }

    def base_queryset(self) -> QuerySet[Chat]:
        return readable_chats(self.person) if self.action in FOR_COLLEAGUES else own_chats(self.person)

    @extend_schema(parameters=[ChatListQuerySerializer], responses=ChatSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List chats, the last active first, each with its last two messages."""
        query = ChatListQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        page = query.validated_data
        chats = self.get_queryset()
        if not page["include_archived"]:
            chats = chats.filter(is_archived=False)
        return listed(request, chats, page, ChatSerializer)

    @extend_schema(request=ChatCreateSerializer, responses={201: ChatSerializer})
    def create(self, request: Request) -> Response:
        """Begin a chat with an agent."""
        fields = ChatCreateSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        return self._shown(actions.create_chat(user=self.person, **fields.validated_data), status=201)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show a chat with all its messages; to a colleague also whose it is and what they may."""
        chat = self.get_object()
        return self._shown(chat) if chat.user_id == self.person.pk else self.shared_with_me(chat)

    @extend_schema(request=ChatUpdateSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Change title, archive flag or metadata; what is left out stays."""
        chat = self.get_object()
        changes = ChatUpdateSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        return self._shown(actions.update_chat(chat=chat, **changes.validated_data))

    partial_update = update

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a chat and all that was said in it."""
        actions.delete_chat(chat=self.get_object())
        return Response(status=204)

    @extend_schema(
        request={"application/json": SendSerializer, "multipart/form-data": UploadSerializer},
        responses={(200, "application/json"): MessageSerializer, **EVENTS},
        parameters=[IDEMPOTENCY_KEY],
    )
    @action(detail=True, methods=["post"], url_path="messages", parser_classes=[UploadJSONParser, MultiPartParser])
    def send(self, request: Request, pk: Any) -> HttpResponseBase:
        """Say something; answered with events when asked for them, else with the finished message."""
        started = actions.start_answer(
            chat_id=pk,
            speaker=Speaker(self.person),
            **said_in(request),
            idempotency_key=idempotency_key(request),
        )
        if EVENT_STREAM in request.headers.get("Accept", "").lower() and started.run is not None:
            source = Source.of(started.answer)
            response: HttpResponseBase = stream(source, source.start)
        else:
            response = whole(started)
        if started.replayed:
            response["Idempotent-Replayed"] = "true"
        for name, value in started.standing.headers.items() if started.standing else ():
            response[name] = value
        return response

    @extend_schema(
        operation_id="chats_attachment",
        responses={(200, media_type): OpenApiTypes.BINARY for media_type in MEDIA_TYPES},
        parameters=[OpenApiParameter("attachment_id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
    )
    @action(detail=True, methods=["get"], url_path="attachments/<uuid:attachment_id>", url_name="attachment")
    def attachment(self, request: Request, pk: Any, attachment_id: Any) -> HttpResponseBase:
        """Give the bytes of a file that came with a message."""
        found = get_object_or_404(readable_attachments(self.person), message__chat=pk, id=attachment_id)
        return file_response(request._request, found)

    @extend_schema(
        operation_id="chats_stream",
        parameters=[LAST_EVENT_ID],
        responses={**EVENTS, 204: OpenApiResponse(description="There is no answer yet.")},
    )
    @action(detail=True, methods=["get"])
    def stream(self, request: Request, pk: Any) -> HttpResponseBase:
        """Read the running or else the last answer, from its start or from a place in it."""
        chat = self.get_object()
        found = resumed(chat, last_answer(chat), request.headers.get("Last-Event-ID"))
        return Response(status=204) if found is None else stream(*found)

    @extend_schema(request=None, responses=StopSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: Any) -> Response:
        """Stop the answer being written; what has come is kept."""
        chat = self.get_object()
        if not may_write(self.person, chat):
            raise ReadOnly()
        stopped = actions.stop_answer(chat=chat)
        return Response(StopSerializer({"stopped": stopped, "message": last_answer(chat)}).data)

    def _shown(self, chat: Chat, *, status: int = 200) -> Response:
        whole_chat = find(own_chats(self.person).prefetch_related(with_messages()), id=chat.id)
        if whole_chat is None:  # it was deleted just now
            raise NotFound()
        return Response(ChatSerializer(whole_chat).data, status=status)
