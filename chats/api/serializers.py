"""Chats and messages as JSON, in and out."""

from typing import Any

from rest_framework import serializers

from chats.models import Chat, Message
from tenants.api.fields import (
    BoundedObjectField,
    StrictBooleanField,
    StrictCharField,
    StrictUUIDField,
    WriteSerializer,
)

MAX_PAGE = 200


class MessageSerializer(serializers.ModelSerializer[Message]):
    """One thing said; `error_code` stands only on an answer that did not end well."""

    error_code = serializers.CharField(required=False)
    run_id = serializers.UUIDField(allow_null=True, help_text="The run that wrote an answer.")

    class Meta:
        model = Message
        fields = ["id", "role", "content", "timestamp", "status", "error_code", "run_id"]
        read_only_fields = fields

    def to_representation(self, instance: Message) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not shown["error_code"]:
            del shown["error_code"]
        return shown


class ChatSerializer(serializers.ModelSerializer[Chat]):
    """A chat with its messages in order; a list of chats holds only the last two of each."""

    team_id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    agent_id = serializers.UUIDField(allow_null=True, help_text="null once the agent was deleted.")
    messages = MessageSerializer(many=True, source="shown_messages")
    metadata = serializers.DictField()

    class Meta:
        model = Chat
        fields = [
            "id",
            "team_id",
            "user_id",
            "agent_id",
            "title",
            "messages",
            "metadata",
            "is_archived",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class ChatCreateSerializer(WriteSerializer):
    """What begins a chat."""

    agent_id = StrictUUIDField()
    title = StrictCharField(required=False, allow_blank=True, max_length=200)
    metadata = BoundedObjectField(required=False)


class ChatUpdateSerializer(WriteSerializer):
    """What may be changed of a chat; what is left out, or null, stays."""

    title = StrictCharField(required=False, allow_blank=True, max_length=200)
    is_archived = StrictBooleanField(required=False)
    metadata = BoundedObjectField(required=False)


class ChatListQuerySerializer(serializers.Serializer[Any]):
    """Which chats are listed."""

    include_archived = serializers.BooleanField(default=False)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=MAX_PAGE)
    offset = serializers.IntegerField(default=0, min_value=0, max_value=2**31)


class SendSerializer(serializers.Serializer[Any]):
    """What a person says."""

    content = StrictCharField(trim_whitespace=False)


class StopSerializer(serializers.Serializer[Any]):
    """Whether there was an answer to stop, and how it stands now."""

    stopped = serializers.BooleanField()
    message = MessageSerializer(allow_null=True)
