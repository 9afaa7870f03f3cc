"""An agent as JSON, in and out."""

from typing import Any, ClassVar, Final

from rest_framework import serializers

from agents.models import Agent, AgentKind
from tenants.api.fields import ObjectField, StrictBooleanField, StrictCharField, WriteSerializer
from tenants.secrets import UnreadableSecret, mask

ADMINS_ONLY: Final = ("webhook_url", "system_prompt")


class AgentSerializer(serializers.ModelSerializer[Agent]):
    """An agent as shown; what only admins may see is null for others. Needs the request in its context."""

    team_id = serializers.UUIDField()
    created_by = serializers.UUIDField(source="created_by_id", allow_null=True)
    webhook_url = serializers.CharField(allow_null=True, help_text="null for members.")
    webhook_token = serializers.SerializerMethodField(help_text="null for none, or a mask.")
    system_prompt = serializers.CharField(allow_null=True, help_text="null for members.")
    avatar = serializers.CharField(allow_null=True, help_text="A data URI.")
    config = serializers.DictField()
    limits = serializers.DictField(help_text="Seconds and bytes of one answer; what is left out has its default.")

    class Meta:
        model = Agent
        fields = [
            "id",
            "team_id",
            "created_by",
            "name",
            "description",
            "kind",
            "webhook_url",
            "webhook_token",
            "system_prompt",
            "avatar",
            "config",
            "limits",
            "is_active",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_webhook_token(self, agent: Agent) -> str | None:
        try:
            return agent.masked_token
        except UnreadableSecret:  # its key is lost; the agent must stay visible, so that the token can be set anew
            return mask("?")

    def to_representation(self, instance: Agent) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not self.context["request"].user.is_team_admin:
            shown |= dict.fromkeys(ADMINS_ONLY)
        return shown


class AgentWriteSerializer(WriteSerializer):
    """What an admin may set; what is left out, or null, stays, but null clears the token and removes the avatar."""

    telling_nulls: ClassVar = frozenset({"webhook_token", "avatar"})
    name = StrictCharField(max_length=200)
    description = StrictCharField(required=False, allow_blank=True, max_length=2000)
    kind = serializers.ChoiceField(AgentKind.choices, required=False, help_text="webhook unless given.")
    webhook_url = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="http:// or https://; needed unless the kind is demo.",
    )
    webhook_token = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="Never shown again. The mask keeps the present one, empty or null clears it.",
    )
    system_prompt = StrictCharField(required=False, allow_blank=True, max_length=100_000, trim_whitespace=False)
    avatar = StrictCharField(required=False, allow_blank=True, help_text="A data URI of an image; null removes it.")
    config = ObjectField(
        required=False, help_text="Sent along to the agent; `model` names the model of an openai agent."
    )
    limits = ObjectField(
        required=False,
        help_text="connect, first_byte, idle, no_text, total (seconds), event_bytes, text_bytes.",
    )
    is_active = StrictBooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: "" if value is None else value for name, value in super().validate(attrs).items()}


class AgentListQuerySerializer(serializers.Serializer[Any]):
    include_inactive = serializers.BooleanField(default=False)


class AvatarSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="PNG, JPEG, GIF or WebP, at most 2 MB.")
