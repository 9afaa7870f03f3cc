"""An agent as JSON, in and out."""

from typing import Any, ClassVar, Final

from rest_framework import serializers

from agents.models import Agent, AgentKind, AgentVersion, Audience
from agents.portable import SETTINGS, DocumentSerializer, SettingsSerializer
from tenants.api.fields import StrictBooleanField, StrictCharField, StrictIntegerField, StrictUUIDField
from tenants.secrets import UnreadableSecret, mask

ADMINS_ONLY: Final = ("webhook_url", "auth_kind", "auth_name", "user_agent", "system_prompt", "max_concurrent")
FOR_ADMINS: Final = "null for members."
# What the contract shows to everybody. The settings of other kinds are their back end's, and may hold keys of it.
CONFIG_FOR_ALL: Final = (AgentKind.WEBHOOK, AgentKind.OPENAI, AgentKind.DEMO)


class AgentSerializer(serializers.ModelSerializer[Agent]):
    """An agent as shown; what only admins may see is null for others. Needs the request in its context."""

    team_id = serializers.UUIDField()
    created_by = serializers.UUIDField(source="created_by_id", allow_null=True)
    webhook_url = serializers.CharField(allow_null=True, help_text=FOR_ADMINS)
    webhook_token = serializers.SerializerMethodField(help_text="null for none, or a mask.")
    auth_kind = serializers.CharField(allow_null=True, help_text=FOR_ADMINS)
    auth_name = serializers.CharField(allow_null=True, help_text=FOR_ADMINS)
    user_agent = serializers.CharField(allow_null=True, help_text=FOR_ADMINS)
    system_prompt = serializers.CharField(allow_null=True, help_text=FOR_ADMINS)
    max_concurrent = serializers.IntegerField(allow_null=True, help_text=FOR_ADMINS)
    avatar = serializers.CharField(allow_null=True, help_text="A data URI.")
    config = serializers.DictField(help_text="For members empty unless the kind is webhook, openai or demo.")
    limits = serializers.DictField(help_text="Seconds and bytes of one answer; what is left out has its default.")
    version = serializers.SerializerMethodField(help_text="The number of its present version.")

    class Meta:
        model = Agent
        fields = [
            "id",
            "team_id",
            "created_by",
            "name",
            "slug",
            "description",
            "kind",
            "webhook_url",
            "webhook_token",
            "auth_kind",
            "auth_name",
            "user_agent",
            "system_prompt",
            "avatar",
            "config",
            "limits",
            "max_concurrent",
            "audience",
            "is_active",
            "version",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_webhook_token(self, agent: Agent) -> str | None:
        try:
            return agent.masked_token
        except UnreadableSecret:  # its key is lost; the agent must stay visible, so that the token can be set anew
            return mask("?")

    def get_version(self, agent: Agent) -> int | None:
        return agent.version.number if agent.version else None

    def to_representation(self, instance: Agent) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not self.context["request"].user.is_team_admin:
            shown |= dict.fromkeys(ADMINS_ONLY)
            if instance.kind not in CONFIG_FOR_ALL:
                shown["config"] = {}
        return shown


class AgentWriteSerializer(SettingsSerializer):
    """What an admin may set; what is left out, or null, stays, but null clears the token and removes the avatar."""

    telling_nulls: ClassVar = SettingsSerializer.telling_nulls | {"webhook_token", "avatar"}
    webhook_token = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="Never shown again. The mask keeps the present one, empty or null clears it.",
    )
    avatar = StrictCharField(required=False, allow_blank=True, help_text="A data URI of an image; null removes it.")
    audience = serializers.ChoiceField(Audience.choices, required=False, help_text="all unless given.")
    is_active = StrictBooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = super().validate(attrs)
        if "webhook_token" in given:
            given["webhook_token"] = given["webhook_token"] or ""
        return given


class AgentListQuerySerializer(serializers.Serializer[Any]):
    include_inactive = serializers.BooleanField(default=False)


class AvatarSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="PNG, JPEG, GIF or WebP, at most 2 MB.")


class ExportSerializer(DocumentSerializer):
    """An exported agent as it is answered: all its settings."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name, field in fields.items():
            field.required, field.allow_null = True, name == "max_concurrent"
        return fields


class ImportedAgentSerializer(AgentSerializer):
    """An imported agent, and what it still lacks."""

    missing = serializers.SerializerMethodField(help_text="What no export holds and the agent needs: webhook_token.")

    class Meta(AgentSerializer.Meta):
        fields = [*AgentSerializer.Meta.fields, "missing"]
        read_only_fields = fields

    def get_missing(self, agent: Agent) -> list[str]:
        return ["webhook_token"] if agent.lacks_token else []


class VersionSerializer(serializers.ModelSerializer[AgentVersion]):
    """When an agent was changed, and by whom."""

    created_by = serializers.UUIDField(source="created_by_id", allow_null=True)

    class Meta:
        model = AgentVersion
        fields = ["number", "created_by", "created_at"]
        read_only_fields = fields


class WholeVersionSerializer(VersionSerializer):
    """What an agent was then."""

    settings = serializers.DictField(help_text=f"{', '.join(SETTINGS)}.")

    class Meta(VersionSerializer.Meta):
        fields = [*VersionSerializer.Meta.fields, "settings"]
        read_only_fields = fields


class RestoreSerializer(serializers.Serializer[Any]):
    version = StrictIntegerField(min_value=1, max_value=2**31 - 1, help_text="Its number.")


class MembersSerializer(serializers.Serializer[Any]):
    members = serializers.ListField(
        child=StrictUUIDField(), max_length=10_000, help_text="Ids of people; it matters while the audience is chosen."
    )
