"""What is particular to fields of people."""

from typing import Any

from rest_framework import serializers

from accounts.models import normalise_email
from tenants import pictures
from tenants.api.fields import StrictCharField


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
