"""What this door answers, as its description has it."""

from typing import Any

from rest_framework import serializers

from agents.models import Agent


class ModelSerializer(serializers.ModelSerializer[Agent]):
    """An agent as a model. Needs `owned_by` in its context."""

    id = serializers.CharField(source="slug", help_text="The agent's slug; a request may also name its id.")
    object = serializers.SerializerMethodField()
    type = serializers.SerializerMethodField(help_text="The same once more, under the name that others look for.")
    created = serializers.SerializerMethodField()
    owned_by = serializers.SerializerMethodField()

    class Meta:
        model = Agent
        fields = ["id", "object", "type", "created", "owned_by", "name"]
        read_only_fields = fields

    def get_object(self, agent: Agent) -> str:
        return "model"

    def get_type(self, agent: Agent) -> str:
        return "model"

    def get_created(self, agent: Agent) -> int:
        return int(agent.created_at.timestamp())

    def get_owned_by(self, agent: Agent) -> str:
        return str(self.context["owned_by"])


class ModelList(serializers.Serializer[Any]):
    """All that can be asked."""

    object = serializers.CharField()
    data = ModelSerializer(many=True)  # type: ignore[assignment] # a field; the class keeps its own property


class CompletionShown(serializers.Serializer[Any]):
    """An answer, whole."""

    id = serializers.CharField()
    object = serializers.CharField()
    created = serializers.IntegerField()
    model = serializers.CharField()
    choices = serializers.ListField(child=serializers.DictField())
    usage = serializers.DictField(child=serializers.IntegerField())
    metadata = serializers.DictField(required=False, help_text="`chat_id`, where the talk is kept.")


class ResponseShown(serializers.Serializer[Any]):
    """An answer as a response, whole."""

    id = serializers.CharField()
    object = serializers.CharField()
    created_at = serializers.IntegerField()
    status = serializers.CharField()
    model = serializers.CharField()
    output = serializers.ListField(child=serializers.DictField())
    usage = serializers.DictField()
    metadata = serializers.DictField(help_text="`chat_id`, where the talk is kept.")


class ErrorShown(serializers.Serializer[Any]):
    """A refusal as that API has it."""

    message = serializers.CharField()
    type = serializers.CharField()
    param = serializers.CharField(allow_null=True)
    code = serializers.CharField()


class DoorErrorSerializer(serializers.Serializer[Any]):
    """The body of every refusal of this door: the common one, and `error`."""

    detail = serializers.CharField(help_text="One plain sentence.")
    error_code = serializers.CharField(help_text="UPPER_SNAKE, for programs.")
    error = ErrorShown()
