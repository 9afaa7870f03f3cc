"""Fields that take a value of their own JSON type only, and what null means."""

import json
import re
from typing import Any, ClassVar, Final
from uuid import UUID

from rest_framework import serializers

MAX_OBJECT_BYTES: Final = 16 * 1024
NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)")


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


class StrictIntegerField(serializers.IntegerField):
    """A whole number; neither a text nor true is one."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class QueryIntegerField(serializers.IntegerField):
    """A whole number in an address: ASCII digits; Python reads those of every script, and `1.0` and `1_0` too."""

    def to_internal_value(self, data: Any) -> int:
        if not NUMBER.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data)


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


class BoundedObjectField(ObjectField):
    """A JSON object of bearable size: it is shown in every list."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        value = super().to_internal_value(data)
        if len(json.dumps(value)) > MAX_OBJECT_BYTES:
            raise serializers.ValidationError(f"This may have at most {MAX_OBJECT_BYTES // 1024} KB of JSON.")
        return value


class WriteSerializer(serializers.Serializer[Any]):
    """What a client writes; null means that an optional field is not given, except where null says something."""

    telling_nulls: ClassVar[frozenset[str]] = frozenset()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            field.allow_null = field.allow_null or not field.required
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in attrs.items() if value is not None or name in self.telling_nulls}
