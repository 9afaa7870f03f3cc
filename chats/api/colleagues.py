"""Chats among colleagues, over HTTP: who is let in, what is shared with me, how far somebody has read."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from chats.api.listing import listed, with_messages
from chats.api.serializers import ChatSerializer, PageQuerySerializer
from chats.members import mark_read, set_members
from chats.models import Chat, ChatMember, Message
from chats.queries import members_of, shared_chats
from tenants.api.fields import StrictBooleanField, StrictIntegerField, StrictUUIDField, WriteSerializer
from tenants.api.viewsets import TenantViewSet
from tenants.exceptions import Invalid, NotFound
from tenants.managers import find

MAX_MEMBERS = 1_000


class SharedChatSerializer(ChatSerializer):
    """A colleague's chat; its `metadata` stays its person's, and an agent that the reader may not know is null."""

    owner = serializers.CharField(source="user", help_text="The name of the chat's person.")
    can_write = serializers.BooleanField(help_text="Whether you may take part; else you read.")
    agent_id = serializers.UUIDField(source="agent.id", default=None, allow_null=True)

    class Meta(ChatSerializer.Meta):
        fields = [*ChatSerializer.Meta.fields, "owner", "can_write"]
        read_only_fields = fields

    def to_representation(self, instance: Chat) -> dict[str, Any]:
        return {**super().to_representation(instance), "metadata": {}}


class ChatMemberSerializer(serializers.ModelSerializer[ChatMember]):
    """A colleague in a chat."""

    user_id = serializers.UUIDField()
    name = serializers.CharField(source="user")

    class Meta:
        model = ChatMember
        fields = ["user_id", "name", "can_write"]
        read_only_fields = fields


class ChatMembersSerializer(serializers.Serializer[Any]):
    """The active colleagues in a chat, without its own person."""

    members = ChatMemberSerializer(many=True)


class ChatMemberWriteSerializer(WriteSerializer):
    """A colleague to let in, to read unless they may take part."""

    user_id = StrictUUIDField()
    can_write = StrictBooleanField(required=False)


class ChatMembersWriteSerializer(serializers.Serializer[Any]):
    """All who are to be let in."""

    members = serializers.ListField(child=ChatMemberWriteSerializer(), max_length=MAX_MEMBERS)

    def validate_members(self, given: list[dict[str, Any]]) -> dict[UUID, bool]:
        members = {one["user_id"]: one.get("can_write", False) for one in given}
        if len(members) < len(given):
            raise serializers.ValidationError("Name everybody once.")
        return members


class ReadMarkerSerializer(WriteSerializer):
    """How far a chat was read: up to a message, by its id or its place (from 1)."""

    message_id = StrictUUIDField(required=False)
    position = StrictIntegerField(required=False, min_value=1, max_value=2**31 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = super().validate(attrs)
        if len(given) != 1:
            raise serializers.ValidationError("Give either message_id or position.")
        return given


class ReadToSerializer(serializers.Serializer[Any]):
    """Up to which place a chat was read; 0 is nothing."""

    position = serializers.IntegerField()


class Colleagues(TenantViewSet[Chat]):
    """The calls about chats that several people of a team share."""

    @property
    def person(self) -> User:
        """Whoever asks."""
        assert isinstance(self.request.user, User)
        return self.request.user

    @extend_schema(parameters=[PageQuerySerializer], responses=SharedChatSerializer(many=True))
    @action(detail=False, methods=["get"])
    def shared(self, request: Request) -> Response:
        """List the chats that colleagues let you into, archived or not, the last active first."""
        query = PageQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return listed(request, shared_chats(self.person), query.validated_data, SharedChatSerializer)

    @extend_schema(responses=ChatMembersSerializer)
    @action(detail=True, methods=["get"])
    def members(self, request: Request, pk: str) -> Response:
        """List the active colleagues in a chat of yours."""
        return self._members(self.get_object())

    @extend_schema(request=ChatMembersWriteSerializer, responses=ChatMembersSerializer)
    @members.mapping.put
    def set_members(self, request: Request, pk: str) -> Response:
        """Let these colleagues into a chat of yours, and nobody else."""
        chat = self.get_object()
        given = ChatMembersWriteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        set_members(chat=chat, members=given.validated_data["members"])
        return self._members(chat)

    @extend_schema(request=ReadMarkerSerializer, responses=ReadToSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Say how far you have read a chat; what was read once stays so."""
        chat = self.get_object()
        given = ReadMarkerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        position = given.validated_data.get("position") or _place_of(chat, given.validated_data["message_id"])
        return Response(ReadToSerializer({"position": mark_read(chat=chat, user=self.person, position=position)}).data)

    def shared_with_me(self, chat: Chat) -> Response:
        """Answer with a whole chat of a colleague's."""
        whole = find(shared_chats(self.person).prefetch_related(with_messages()), id=chat.id)
        if whole is None:  # they were put out just now
            raise NotFound()
        return Response(SharedChatSerializer(whole).data)

    def _members(self, chat: Chat) -> Response:
        return Response(ChatMembersSerializer({"members": members_of(chat)}).data)


def _place_of(chat: Chat, message_id: UUID) -> int:
    message = find(Message.objects.filter(chat=chat), id=message_id)
    if message is None:
        raise Invalid(errors={"message_id": ["There is no such message in this chat."]})
    return message.position
