"""What is particular to fields of people."""

import json
from typing import Any, Final

from rest_framework import serializers

from accounts.models import normalise_email
from tenants import pictures
from tenants.api.fields import ObjectField, StrictCharField

MAX_PREFERENCES_BYTES: Final = 16 * 1024


class EmailField(serializers.EmailField):
    """An address in the one spelling that is stored; it is checked in that spelling."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return normalise_email(super().to_internal_value(data))


class AvatarField(StrictCharField):
    """A small picture as a data URI."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return pictures.checked(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class PreferencesField(ObjectField):
    """A JSON object of bearable size, kept as it is."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        value = super().to_internal_value(data)
        if len(json.dumps(value)) > MAX_PREFERENCES_BYTES:
            raise serializers.ValidationError(f"The preferences may have at most {MAX_PREFERENCES_BYTES // 1024} KB.")
        return value
