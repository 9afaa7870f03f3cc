"""Share links and what visitors say and see, as JSON, in and out."""

from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework import serializers

from accounts.hashers import MAX_PASSWORD_CHARS
from accounts.names import printable
from chats.exceptions import MessageTooLong
from chats.models import MessageRole, MessageStatus
from sharing.actions import DEFAULT_DAYS
from sharing.models import DESCRIPTION_CHARS, MAX_DAYS, MAX_MESSAGES, MAX_PEOPLE, TITLE_CHARS, Participant, Share
from tenants.api.fields import (
    QueryIntegerField,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    WriteSerializer,
)

MAX_PAGE = 200


class ShareSerializer(serializers.ModelSerializer[Share]):
    """A link as its owner sees it: everything but its password."""

    share_token = serializers.CharField(source="shown_token", help_text="Empty where its key is lost.")
    share_url = serializers.CharField(source="link", help_text="Empty where its key is lost.")
    is_active = serializers.SerializerMethodField()
    current_users = serializers.SerializerMethodField(help_text="How many hold a place right now.")
    has_password = serializers.SerializerMethodField()

    class Meta:
        model = Share
        fields = [
            "share_token",
            "share_url",
            "title",
            "description",
            "expires_at",
            "is_active",
            "max_concurrent_users",
            "current_users",
            "created_at",
            "can_write",
            "can_fork",
            "asks_name",
            "has_password",
            "max_messages",
            "messages_sent",
        ]
        read_only_fields = fields

    def get_is_active(self, share: Share) -> bool:
        return share.ending is None

    def get_current_users(self, share: Share) -> int:
        return 0 if share.ending else share.current_users  # type: ignore[attr-defined]

    def get_has_password(self, share: Share) -> bool:
        return bool(share.password_hash)


class ShareListSerializer(serializers.Serializer[Any]):
    """The links of a chat, the newest first."""

    shares = ShareSerializer(many=True)


class ShareListQuerySerializer(serializers.Serializer[Any]):
    """Which links are listed."""

    include_expired = serializers.BooleanField(default=False, help_text="Those that were revoked, too.")


class ShareChangeSerializer(WriteSerializer):
    """What may be said of a link at any time; what is left out, or null, stays."""

    title = StrictCharField(max_length=TITLE_CHARS, validators=[printable], allow_blank=True, required=False)
    description = StrictCharField(max_length=DESCRIPTION_CHARS, allow_blank=True, trim_whitespace=False, required=False)
    expires_in_days = StrictIntegerField(
        min_value=1, max_value=MAX_DAYS, required=False, help_text="From now on.", source="days"
    )
    max_concurrent_users = StrictIntegerField(min_value=1, max_value=MAX_PEOPLE, required=False)
    can_write = StrictBooleanField(required=False, help_text="Whether visitors may take part.")
    can_fork = StrictBooleanField(required=False, help_text="Whether visitors may copy the conversation.")
    asks_name = StrictBooleanField(required=False, help_text="Whether visitors must say a name.")
    password = StrictCharField(
        max_length=MAX_PASSWORD_CHARS, allow_blank=True, trim_whitespace=False, required=False, help_text="Empty: none."
    )
    max_messages = StrictIntegerField(
        min_value=1, max_value=MAX_MESSAGES, required=False, help_text="How many visitors may send in all."
    )


class ShareCreateSerializer(ShareChangeSerializer):
    """A link to be made; all of it may be left out."""

    title = StrictCharField(
        max_length=TITLE_CHARS,
        validators=[printable],
        allow_blank=True,
        required=False,
        help_text="The chat's unless given.",
    )
    expires_in_days = StrictIntegerField(
        min_value=1, max_value=MAX_DAYS, required=False, help_text=f"{DEFAULT_DAYS} unless given.", source="days"
    )
    from_here_on = StrictBooleanField(required=False, help_text="Whether visitors see only what is said from now on.")


class ShareDeletedSerializer(serializers.Serializer[Any]):
    """That a link is no longer valid."""

    success = serializers.BooleanField()
    message = serializers.CharField()


class VisitSerializer(serializers.ModelSerializer[Participant]):
    """Somebody whom a link let in, or who waits for a place."""

    address_prefix = serializers.CharField(help_text="The neighbourhood of the network, never the full address.")
    left_at = serializers.SerializerMethodField()
    is_here = serializers.SerializerMethodField()

    class Meta:
        model = Participant
        fields = ["name", "address_prefix", "asked_at", "came_at", "left_at", "is_here", "messages_sent"]
        read_only_fields = fields

    def get_left_at(self, participant: Participant) -> datetime | None:
        return participant.gone_at

    def get_is_here(self, participant: Participant) -> bool:
        return participant.joined_at is not None and participant.gone_at is None


class LogSerializer(serializers.Serializer[Any]):
    """Who came by a link, the last first, and how many in all."""

    participants = VisitSerializer(many=True)
    total = serializers.IntegerField()


class LogQuerySerializer(serializers.Serializer[Any]):
    """Which part of the log is shown."""

    limit = QueryIntegerField(default=50, min_value=1, max_value=MAX_PAGE)
    offset = QueryIntegerField(default=0, min_value=0, max_value=2**31)


class SaidSerializer(serializers.Serializer[Any]):
    """A message as visitors see it."""

    role = serializers.ChoiceField(MessageRole.choices)
    content = serializers.CharField()
    id = serializers.UUIDField()
    timestamp = serializers.DateTimeField()
    author = serializers.CharField(help_text="A name, never an e-mail.")
    is_visitor = serializers.BooleanField(help_text="Whether a visitor said it, under a name that nobody checked.")
    status = serializers.ChoiceField(MessageStatus.choices)


class SharedSessionSerializer(serializers.Serializer[Any]):
    """A room, and what was said in it."""

    session_id = serializers.UUIDField()
    title = serializers.CharField()
    description = serializers.CharField()
    expires_at = serializers.DateTimeField()
    max_concurrent_users = serializers.IntegerField()
    current_users = serializers.IntegerField()
    can_write = serializers.BooleanField(help_text="Whether visitors may take part.")
    history = SaidSerializer(many=True)


class JoinedSerializer(SharedSessionSerializer):
    """The same, and what proves whose place it is."""

    participant_token = serializers.CharField()


class JoinSerializer(WriteSerializer):
    """Who comes in; all of it may be left out unless the link asks for it."""

    display_name = StrictCharField(allow_blank=True, required=False, source="name")
    password = StrictCharField(allow_blank=True, trim_whitespace=False, required=False)


class LeaveSerializer(WriteSerializer):
    """Who leaves, unless a header or a cookie says so."""

    participant_token = StrictCharField(allow_blank=True, required=False, source="token")


class LeftSerializer(serializers.Serializer[Any]):
    """How many are still in."""

    success = serializers.BooleanField()
    current_users = serializers.IntegerField()


class SayingField(StrictCharField):
    """What a visitor says; a text that is too long is not looked through."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) and len(data) > settings.SHARE_MESSAGE_CHARS:
            raise MessageTooLong()
        return super().to_internal_value(data)


class SaySerializer(WriteSerializer):
    """A message of a visitor."""

    user_message = SayingField(trim_whitespace=False)


class SentSerializer(serializers.Serializer[Any]):
    """That the agent answers; with what proves whose place it is, where the caller joined by this."""

    success = serializers.BooleanField()
    message = serializers.CharField()
    session_id = serializers.UUIDField()
    participant_token = serializers.CharField(required=False)


class StandingSerializer(serializers.Serializer[Any]):
    """How full a room is."""

    current_users = serializers.IntegerField()
    max_concurrent_users = serializers.IntegerField()
