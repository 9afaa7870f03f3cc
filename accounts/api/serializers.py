"""People and signing in as JSON, in and out."""

from typing import Any, ClassVar

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from rest_framework import serializers

from accounts.api.fields import AvatarField, EmailField
from accounts.hashers import MAX_PASSWORD_CHARS
from accounts.models import User
from tenants.api.fields import BoundedObjectField, StrictCharField, StrictUUIDField, WriteSerializer


class UserSerializer(serializers.ModelSerializer[User]):
    """A person as the contract shows them."""

    team_id = serializers.UUIDField()
    avatar = serializers.CharField(allow_null=True, help_text="A data URI.")
    preferences = serializers.DictField()
    last_login_at = serializers.DateTimeField(source="last_login", allow_null=True)

    class Meta:
        model = User
        fields = [
            "id",
            "team_id",
            "email",
            "full_name",
            "role",
            "avatar",
            "preferences",
            "is_active",
            "last_login_at",
            "created_at",
        ]
        read_only_fields = fields


class RegisterSerializer(serializers.Serializer[Any]):
    """Somebody who wants to join a team."""

    email = EmailField(max_length=254)
    password = StrictCharField(trim_whitespace=False, max_length=MAX_PASSWORD_CHARS)
    full_name = StrictCharField(max_length=200, allow_blank=True)
    team_id = StrictUUIDField(required=False, allow_null=True, default=None, help_text="Needed without an invitation.")
    invitation = StrictCharField(
        max_length=200, required=False, allow_null=True, default=None, help_text="The token of an invitation."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["team_id"] is None and attrs["invitation"] is None:
            raise serializers.ValidationError({"team_id": "Name the team, or send an invitation."})
        try:
            validate_password(attrs["password"], User(email=attrs["email"], full_name=attrs["full_name"]))
        except ValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from None
        return attrs


class LoginSerializer(serializers.Serializer[Any]):
    """Somebody who says who they are."""

    email = StrictCharField(max_length=254)
    password = StrictCharField(trim_whitespace=False, max_length=MAX_PASSWORD_CHARS)
    team = StrictCharField(
        max_length=63,
        required=False,
        allow_null=True,
        allow_blank=True,
        default=None,
        help_text="Id or slug; needed only after TEAM_REQUIRED.",
    )


class ProfileSerializer(WriteSerializer):
    """What people may change about themselves; what is left out, or null, stays."""

    telling_nulls: ClassVar = frozenset({"avatar"})
    full_name = StrictCharField(max_length=200, allow_blank=True, required=False)
    avatar = AvatarField(required=False, help_text="A data URI of at most 256 KB, or null for none.")
    preferences = BoundedObjectField(required=False)


class DoneSerializer(serializers.Serializer[Any]):
    """One sentence that says what was done."""

    message = serializers.CharField()


class TeamChoiceSerializer(serializers.Serializer[Any]):
    """A team that somebody may sign in to."""

    name = serializers.CharField()
    slug = serializers.CharField()


class TeamRequiredSerializer(serializers.Serializer[Any]):
    """The question which team is meant."""

    detail = serializers.CharField()
    error_code = serializers.CharField(help_text="TEAM_REQUIRED")
    teams = TeamChoiceSerializer(many=True)
