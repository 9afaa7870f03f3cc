"""API keys and synced people as JSON, in and out."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from accounts.actions.keys import MAX_DAYS, MAX_NETWORKS
from accounts.api.fields import EmailField
from accounts.models import PERSONAL_SCOPES, ApiKey
from accounts.names import printable
from tenants.api.fields import StrictBooleanField, StrictCharField, StrictIntegerField, WriteSerializer


class KeyInfoSerializer(serializers.ModelSerializer[ApiKey]):
    """A key as its owner sees it: everything but its text."""

    scopes = serializers.ListField(child=serializers.CharField())
    allowed_networks = serializers.ListField(
        child=serializers.CharField(), help_text="Networks it is good from; none is everywhere."
    )
    last_used_from = serializers.CharField(help_text="The network of the last use.")
    has_expired = serializers.BooleanField()

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "name",
            "key_prefix",
            "created_at",
            "expires_at",
            "has_expired",
            "scopes",
            "allowed_networks",
            "is_session_key",
            "last_used_at",
            "last_used_from",
        ]
        read_only_fields = fields


class KeyListSerializer(serializers.Serializer[Any]):
    """The keys of a person that were not revoked."""

    api_keys = KeyInfoSerializer(many=True)
    total = serializers.IntegerField()


class KeyWriteSerializer(WriteSerializer):
    """A key to be made; all of it may be left out."""

    name = StrictCharField(max_length=100, validators=[printable], required=False, help_text="`API Key` unless given.")
    expires_days = StrictIntegerField(min_value=1, max_value=MAX_DAYS, required=False, help_text="Null is no expiry.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(PERSONAL_SCOPES)),
        required=False,
        allow_empty=False,
        max_length=len(PERSONAL_SCOPES),
        help_text="All that the caller has unless given.",
    )
    allowed_networks = serializers.ListField(
        child=StrictCharField(max_length=50),
        required=False,
        max_length=MAX_NETWORKS,
        help_text="Like 192.0.2.0/24; those of the caller's own key unless given.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a field that there is not: a mistyped limit would make a key without one."""
        if unknown := sorted(set(self.initial_data) - set(self.fields)):
            raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        return super().validate(attrs)


class KeyMadeSerializer(serializers.Serializer[Any]):
    """A new key, whose text is shown this once."""

    api_key = serializers.CharField()
    key_info = KeyInfoSerializer()
    message = serializers.CharField()


class KeyRevokedSerializer(serializers.Serializer[Any]):
    """What was revoked."""

    message = serializers.CharField()
    key_id = serializers.UUIDField()


class SyncSerializer(WriteSerializer):
    """A person as another provider knows them."""

    email = EmailField(max_length=254)
    full_name = StrictCharField(max_length=200, allow_blank=True, required=False)
    email_verified = StrictBooleanField(
        required=False, help_text="The caller's word that the provider verified the address; false unless given."
    )


class OAuthSyncSerializer(SyncSerializer):
    user_id = StrictCharField(max_length=255, help_text="The person's id at the provider.")
    provider = StrictCharField(
        trim_whitespace=False,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9._-]{0,39}\Z")],
        required=False,
        help_text="`github` unless given.",
    )


class StackSyncSerializer(SyncSerializer):
    stack_user_id = StrictCharField(max_length=255, help_text="The person's id at Stack Auth.")


class SyncedSerializer(serializers.Serializer[Any]):
    """The person of ours, and a key to their account if there was none yet."""

    user_id = serializers.UUIDField()
    email = serializers.CharField()
    full_name = serializers.CharField()
    tier = serializers.CharField()
    api_key = serializers.CharField(allow_null=True, help_text="Shown once; null where there is an active session key.")
    message = serializers.CharField()
    is_new = serializers.BooleanField()
