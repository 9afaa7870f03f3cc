"""Chats and messages as JSON, in and out."""

from typing import Any, ClassVar

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chats.attachments import Upload, check_number, from_data_uri
from chats.exceptions import MessageTooLong
from chats.models import Attachment, Chat, Message
from tenants.api.fields import (
    BoundedObjectField,
    QueryIntegerField,
    StrictBooleanField,
    StrictCharField,
    StrictUUIDField,
    WriteSerializer,
)

MAX_PAGE = 200


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """A file that came with a message; its bytes are at `url`."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = Attachment
        fields = ["id", "name", "media_type", "size", "url"]
        read_only_fields = fields

    def get_url(self, attachment: Attachment) -> str:
        return reverse("api-chat-attachment", args=[attachment.message.chat_id, attachment.id])


class NoticeSerializer(serializers.Serializer[Any]):
    """What an agent told beside an answer; `text` is a model's reasoning, `url` where a source is found."""

    id = serializers.IntegerField(help_text="Counts from 1 in each message.")
    kind = serializers.ChoiceField(["reasoning", "tool", "citation"])
    title = serializers.CharField(allow_blank=True, help_text="The name of a tool or a source.")
    url = serializers.CharField(required=False)
    text = serializers.CharField(required=False)
    done = serializers.BooleanField()


class MessageSerializer(serializers.ModelSerializer[Message]):
    """One thing said.

    `error_code` stands only on an answer that did not end well, `attachments` only where files came with a message.
    """

    error_code = serializers.CharField(required=False)
    run_id = serializers.UUIDField(allow_null=True, help_text="The run that wrote an answer.")
    notices = NoticeSerializer(many=True)
    attachments = AttachmentSerializer(many=True, required=False, source="files")

    class Meta:
        model = Message
        fields = ["id", "role", "content", "timestamp", "status", "error_code", "run_id", "notices", "attachments"]
        read_only_fields = fields

    def to_representation(self, instance: Message) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return {name: value for name, value in shown.items() if value or name not in {"error_code", "attachments"}}


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


class PageQuerySerializer(serializers.Serializer[Any]):
    """Which part of a list is wanted."""

    limit = QueryIntegerField(default=50, min_value=1, max_value=MAX_PAGE)
    offset = QueryIntegerField(default=0, min_value=0, max_value=2**31)


class ChatListQuerySerializer(PageQuerySerializer):
    """Which chats are listed."""

    include_archived = serializers.BooleanField(default=False)


class ContentField(StrictCharField):
    """The text of a message; one that is too long is not looked through."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) and len(data) > settings.MAX_MESSAGE_CHARS:
            raise MessageTooLong()
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": "^data:[^,]*;base64,", "description": "A data URI."})
class TextOfAnyLengthField(serializers.Field[str, str, str, Any]):
    """A text that is not looked through for characters which base64 cannot hold anyway."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "Not a valid string."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class SentFileSerializer(serializers.Serializer[Any]):
    """A file in JSON."""

    name = StrictCharField()
    data = TextOfAnyLengthField()  # type: ignore[assignment] # a field; the class keeps its own property

    def to_internal_value(self, data: Any) -> Upload:
        sent = super().to_internal_value(data)
        try:
            return from_data_uri(sent["name"], sent["data"])
        except ValueError as error:
            raise serializers.ValidationError({"data": [str(error)]}) from None


class FilesField(serializers.ListField):
    """Files, whose number is looked at before anything else of them."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list):
            check_number(data)
        return super().to_internal_value(data)


class SayingSerializer(serializers.Serializer[Any]):
    """What a person says: a text, files, or both."""

    content = ContentField(trim_whitespace=False, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("content") and not attrs.get("files"):
            problem = "blank" if "content" in attrs else "required"
            raise serializers.ValidationError({"content": self.fields["content"].error_messages[problem]})
        return attrs


class SendSerializer(SayingSerializer):
    """A message as JSON; `content` may be left out if there are attachments."""

    attachments = FilesField(child=SentFileSerializer(), source="files", required=False)


class UploadSerializer(SayingSerializer):
    """A message as a form; `content` may be left out if there are files."""

    files = FilesField(child=serializers.FileField(allow_empty_file=True), required=False)


class StopSerializer(serializers.Serializer[Any]):
    """Whether there was an answer to stop, and how it stands now."""

    stopped = serializers.BooleanField()
    message = MessageSerializer(allow_null=True)
