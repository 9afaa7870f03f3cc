"""What a client of OpenAI's API may write. What is not named here, such as tools, is the agent's own business."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.api.fields import StrictBooleanField, StrictCharField, StrictIntegerField, WriteSerializer

ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")
MAX_MESSAGES: Final = 1000
MAX_PARTS: Final = 100
MAX_STOPS: Final = 4
MAX_STOP_CHARS: Final = 200
NEW: Final = "new"
PARTS: Final = {"type": "array", "items": {"type": "object"}, "maxItems": MAX_PARTS}


@extend_schema_field({"oneOf": [{"type": "string"}, PARTS], "nullable": True})
class ContentField(serializers.Field[Any, Any, Any, Any]):
    """A text, or a list of parts as `chats.completions.parts` reads them; null is an empty text."""

    default_error_messages = {"invalid": "This must be a text or a list of parts."}

    def to_internal_value(self, data: Any) -> str | list[dict[str, Any]]:
        if isinstance(data, str):
            return data
        if not isinstance(data, list) or len(data) > MAX_PARTS or not all(isinstance(part, dict) for part in data):
            self.fail("invalid")
        return data


STOP: Final = {"type": "string", "minLength": 1, "maxLength": MAX_STOP_CHARS}


@extend_schema_field({"oneOf": [STOP, {"type": "array", "items": STOP, "maxItems": MAX_STOPS}], "nullable": True})
class StopField(serializers.Field[Any, Any, Any, Any]):
    """One text that ends the answer, or up to four."""

    default_error_messages = {
        "invalid": f"This must be a text of 1 to {MAX_STOP_CHARS} characters, or at most {MAX_STOPS} such texts."
    }

    def to_internal_value(self, data: Any) -> tuple[str, ...]:
        stops = [data] if isinstance(data, str) else data
        if not isinstance(stops, list) or len(stops) > MAX_STOPS or not all(map(_is_stop, stops)):
            self.fail("invalid")
        return tuple(stops)


def _is_stop(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text) <= MAX_STOP_CHARS


class MessageSerializer(WriteSerializer):
    """One message of the conversation."""

    role = serializers.ChoiceField(ROLES)
    content = ContentField(required=False)


class MetadataSerializer(WriteSerializer):
    """What is kept: nothing, unless a chat is named."""

    chat_id = StrictCharField(
        required=False, max_length=36, help_text=f"The id of an own chat, or `{NEW}`: the talk is kept there."
    )


class StreamOptionsSerializer(WriteSerializer):
    """What a stream carries besides the text."""

    include_usage = StrictBooleanField(required=False)


class AskSerializer(WriteSerializer):
    """What both calls have in common."""

    model = StrictCharField(max_length=200, help_text="An agent's id, or its name where no other has the same.")
    stream = StrictBooleanField(required=False)
    metadata = MetadataSerializer(required=False)


class CompletionSerializer(AskSerializer):
    """A request for a chat completion."""

    messages = serializers.ListField(child=MessageSerializer(), allow_empty=False, max_length=MAX_MESSAGES)
    stream_options = StreamOptionsSerializer(required=False)
    stop = StopField(required=False)
    n = StrictIntegerField(required=False, min_value=1, max_value=1, help_text="An agent gives one answer.")


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]})
class InputField(serializers.Field[Any, Any, Any, Any]):
    """A question, or the conversation as a list of messages; items of tools and of reasoning are left out."""

    default_error_messages = {
        "invalid": f"This must be a text or a list of 1 to {MAX_MESSAGES} messages, each with a role and a content."
    }

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        if isinstance(data, str):
            return [{"role": "user", "content": data}]
        if not isinstance(data, list) or len(data) > MAX_MESSAGES or not all(isinstance(item, dict) for item in data):
            self.fail("invalid")
        try:
            return [
                MessageSerializer().run_validation(item) for item in data if item.get("type", "message") == "message"
            ]
        except serializers.ValidationError:
            self.fail("invalid")


class ResponseSerializer(AskSerializer):
    """A request for a response; nothing of earlier ones is kept here, `metadata.chat_id` does that."""

    input = InputField()
    instructions = StrictCharField(required=False, allow_blank=True, trim_whitespace=False)
    previous_response_id = StrictCharField(required=False, help_text="Not supported: use `metadata.chat_id`.")
    conversation = serializers.JSONField(required=False, help_text="Not supported: use `metadata.chat_id`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = super().validate(attrs)
        kept = [name for name in ("previous_response_id", "conversation") if name in given]
        if kept:
            raise serializers.ValidationError(
                dict.fromkeys(kept, "Responses are not kept here. Name a chat in metadata.chat_id to go on with it.")
            )
        return given
