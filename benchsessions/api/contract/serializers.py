"""The contract's answers, and its bodies as the description shows them; what comes in is read in `reading`."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from benchsessions.environments import DEFAULTS
from benchsessions.models import Analyst, ApiMode, BenchSession, Environment
from tenants.api.fields import QueryIntegerField


@extend_schema_field(OpenApiTypes.ANY)
class AnyJSONField(serializers.JSONField):
    """Any JSON, as it came."""


class OpenObjectField(serializers.DictField):
    """An object, shown as it is."""

    def to_representation(self, value: Any) -> Any:
        return value


class AnalystLoginSerializer(serializers.Serializer[Any]):
    """Who somebody is, in the word of the back end."""

    login = serializers.RegexField(r"^[0-9]{8}$", help_text="Exactly eight ASCII digits.")
    client_ip = AnyJSONField(required=False, allow_null=True, help_text="Taken and not believed.")


class AnalystSerializer(serializers.ModelSerializer[Analyst]):
    user_id = serializers.UUIDField(source="id")

    class Meta:
        model = Analyst
        fields = ["user_id", "login", "last_login_at", "created_at"]


class EnvironmentSerializer(serializers.Serializer[Any]):
    """How one environment is asked; other keys are kept. Without `bearerToken` it stays; an empty one clears it."""

    def get_fields(self) -> dict[str, Any]:
        return {name: _field_of(name, default) for name, default in DEFAULTS.items()}


def _field_of(name: str, default: Any) -> "serializers.Field[Any, Any, Any, Any]":
    if name == "apiMode":
        return serializers.ChoiceField(choices=ApiMode.choices, required=False)
    if isinstance(default, bool):
        return serializers.BooleanField(required=False)
    return serializers.CharField(required=False, allow_blank=True)


class EnvironmentsSerializer(serializers.Serializer[Any]):
    ift = EnvironmentSerializer(required=False)
    psi = EnvironmentSerializer(required=False)
    prod = EnvironmentSerializer(required=False)


class SettingsWriteSerializer(serializers.Serializer[Any]):
    """The environments given are replaced, the others stay; keys beside `settings` are listed in `warnings`."""

    settings = EnvironmentsSerializer()


class SettingsSerializer(serializers.Serializer[Any]):
    """All three environments, with their tokens."""

    user_id = serializers.UUIDField()
    settings = OpenObjectField(child=EnvironmentSerializer())
    updated_at = serializers.DateTimeField()


class WrittenSettingsSerializer(SettingsSerializer):
    """The same, after they were written."""

    warnings = serializers.ListField(child=serializers.CharField(), help_text="Keys that were ignored.")


class RequestSerializer(serializers.Serializer[Any]):
    """One question; other keys are kept."""

    body = serializers.CharField(max_length=8000)
    with_docs = serializers.BooleanField(required=False)


class SessionWriteSerializer(serializers.Serializer[Any]):
    """A session; other keys are ignored and listed in `warnings`."""

    environment = serializers.ChoiceField(choices=Environment.choices)
    api_mode = serializers.ChoiceField(choices=ApiMode.choices)
    request = serializers.ListField(child=RequestSerializer(), min_length=1)
    response = AnyJSONField(required=False, allow_null=True, help_text='`{"answers": […]}`, or any object or list.')
    annotations = serializers.DictField(required=False, allow_null=True, help_text="Index → section → what is said.")


class SessionChangeSerializer(serializers.Serializer[Any]):
    """What is left out, or null, stays; other keys are ignored and listed in `warnings`."""

    annotations = serializers.DictField(required=False, allow_null=True, help_text="All of one's own; {} clears them.")
    response = AnyJSONField(required=False, allow_null=True)
    request = serializers.ListField(
        child=RequestSerializer(),
        min_length=1,
        required=False,
        allow_null=True,
        help_text="Before any answer or verdict.",
    )


class ListedSessionSerializer(serializers.ModelSerializer[BenchSession]):
    """A session without its questions and answers."""

    session_id = serializers.UUIDField(source="id")
    user_id = serializers.UUIDField(source="owner_id")
    misaligned = serializers.BooleanField(source="is_misaligned", help_text="The answers do not match the questions.")

    class Meta:
        model = BenchSession
        fields = [
            "session_id",
            "user_id",
            "title",
            "environment",
            "api_mode",
            "created_at",
            "updated_at",
            "version",
            "misaligned",
            "n_questions",
            "n_answered",
            "n_failed",
            "n_skipped",
            "n_rated",
            "n_correct",
            "n_partly",
            "n_incorrect",
            "n_not_applicable",
            "n_flagged",
        ]
        read_only_fields = fields


class SessionListSerializer(serializers.Serializer[Any]):
    sessions = ListedSessionSerializer(many=True)
    total = serializers.IntegerField()


class FullSessionSerializer(ListedSessionSerializer):
    """A session whole: `request`, `response` and `annotations` as they were sent."""

    request = serializers.ListField(child=AnyJSONField())
    response = AnyJSONField(allow_null=True)
    annotations = OpenObjectField()
    annotations_meta = OpenObjectField(
        help_text="Index → version, status, by, at, kind, reviews; and `replaced_characters` of the response."
    )

    class Meta(ListedSessionSerializer.Meta):
        fields = [*ListedSessionSerializer.Meta.fields, "request", "response", "annotations", "annotations_meta"]
        read_only_fields = fields


class WrittenSessionSerializer(FullSessionSerializer):
    """The same, after it was made or changed."""

    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="Keys that were ignored, and lists of issues that named one twice."
    )
    changes = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many annotations were changed, and how many cleared."
    )

    class Meta(FullSessionSerializer.Meta):
        fields = [*FullSessionSerializer.Meta.fields, "warnings", "changes"]
        read_only_fields = fields


class ListQuerySerializer(serializers.Serializer[Any]):
    """Which sessions are listed."""

    environment = serializers.ChoiceField(choices=Environment.choices, required=False)
    limit = QueryIntegerField(default=50, min_value=1)
    offset = QueryIntegerField(default=0, min_value=0)
