"""Fields that take a value of their own JSON type only."""

from typing import Any
from uuid import UUID

from rest_framework import serializers


class StrictCharField(serializers.CharField):
    """A text; a number is none."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """true or false; neither a text nor a number is one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictUUIDField(serializers.UUIDField):
    """An id in its canonical form; neither a number nor another spelling is one."""

    def to_internal_value(self, data: Any) -> UUID:
        value: UUID = super().to_internal_value(data)
        if str(value) != data:
            self.fail("invalid", value=data)
        return value


class ObjectField(serializers.DictField):
    """A JSON object, kept as it came."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return data
