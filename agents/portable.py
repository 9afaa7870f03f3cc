"""An agent's settings as plain JSON: what is exported, imported, duplicated and kept as a version. Never a secret."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from rest_framework import serializers

from agents import limits
from agents.models import Agent, AgentKind, AuthKind
from tenants.api.fields import ObjectField, StrictCharField, StrictIntegerField, WriteSerializer
from tenants.exceptions import Invalid

# What makes an agent what it is, as pages call it; changing one of these makes a new version.
LABELS: Final = {
    "name": "Name",
    "description": "Description",
    "kind": "Kind",
    "webhook_url": "Address",
    "auth_kind": "Authentication",
    "auth_name": "Name of the header, or user name",
    "user_agent": "User-Agent",
    "system_prompt": "System prompt",
    "config": "Settings of its kind",
    "limits": "Time-outs and sizes",
    "max_concurrent": "Calls at once",
}
SETTINGS: Final = tuple(LABELS)
FORMAT: Final = "parley.agent/1"


def settings_of(agent: Agent) -> dict[str, Any]:
    """Return the settings of an agent by their names."""
    return {name: getattr(agent, name) for name in SETTINGS}


def document_of(agent: Agent) -> dict[str, Any]:
    """Return what an agent is exported as; one that is called without a bearer token needs none elsewhere."""
    needless = agent.auth_kind == AuthKind.BEARER and not agent.sealed_webhook_token
    return {"format": FORMAT, **settings_of(agent), **({"auth_kind": AuthKind.NONE} if needless else {})}


class SettingsSerializer(WriteSerializer):
    """The settings as somebody writes them; null is not given, but lifts the limit of calls at once."""

    telling_nulls: ClassVar = frozenset({"max_concurrent"})
    name = StrictCharField(max_length=200)
    description = StrictCharField(required=False, allow_blank=True, max_length=2000)
    kind = serializers.ChoiceField(AgentKind.choices, required=False, help_text="webhook unless given.")
    webhook_url = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="http:// or https://; needed unless the kind is demo.",
    )
    auth_kind = serializers.ChoiceField(AuthKind.choices, required=False, help_text="bearer unless given.")
    auth_name = StrictCharField(
        required=False, allow_blank=True, max_length=200, help_text="The name of the header, or the user name of Basic."
    )
    user_agent = StrictCharField(
        required=False, allow_blank=True, max_length=300, help_text="Sent as User-Agent; empty means the default."
    )
    system_prompt = StrictCharField(required=False, allow_blank=True, max_length=100_000, trim_whitespace=False)
    config = ObjectField(
        required=False,
        help_text="Settings of the kind: `model` of an openai or ollama agent, …; a webhook is sent all of it.",
    )
    limits = ObjectField(
        required=False,
        help_text=limits.described(),
    )
    max_concurrent = StrictIntegerField(required=False, help_text="How many calls at once; null means no limit.")


class DocumentSerializer(SettingsSerializer):
    """An exported agent, back again; a field that no export has is refused, not passed over."""

    default_error_messages: ClassVar = {"invalid": "An exported agent is an object: {{…}}."}
    format = serializers.ChoiceField([FORMAT])

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping) and (unknown := sorted(str(name) for name in data.keys() - self.fields.keys())):
            raise serializers.ValidationError({name: ["An exported agent has no such field."] for name in unknown})
        settings: dict[str, Any] = super().to_internal_value(data)
        return settings

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = super().validate(attrs)
        return {name: value for name, value in given.items() if name != "format"}


def read_document(document: object) -> dict[str, Any]:
    """Return the settings in an exported agent; raise `Invalid` naming what is none of them, or not of its type."""
    read = DocumentSerializer(data=document)
    if not read.is_valid():
        raise Invalid(errors={field: [*map(str, sentences)] for field, sentences in read.errors.items()})
    settings: dict[str, Any] = read.validated_data
    return settings
