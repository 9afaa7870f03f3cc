"""Who a key belongs to, and how much they have used, over HTTP."""

from dataclasses import dataclass
from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope, User
from agents import quota
from agents.quota import Standing
from agents.usage import reports
from agents.usage.reports import Sums


@dataclass(frozen=True, slots=True)
class Account:
    """A person, where they stand, and what their runs of this month come to."""

    user: User
    standing: Standing
    month: Sums


class AccountUserSerializer(serializers.ModelSerializer[User]):
    """A person as the contract of keys shows them."""

    tier = serializers.CharField(source="tier_id")

    class Meta:
        model = User
        fields = ["id", "email", "full_name", "tier", "created_at"]
        read_only_fields = fields


class UsageSerializer(serializers.Serializer[Account]):
    """Calls counted and left, null where there is no limit; sizes are those of this calendar month in UTC."""

    requests_last_hour = serializers.IntegerField(source="standing.in_hour")
    requests_per_hour = serializers.IntegerField(source="standing.per_hour", allow_null=True)
    requests_remaining = serializers.IntegerField(source="standing.left_in_hour", allow_null=True)
    runs_this_month = serializers.IntegerField(source="standing.in_month")
    runs_per_month = serializers.IntegerField(source="standing.per_month", allow_null=True)
    runs_remaining = serializers.IntegerField(source="standing.left_in_month", allow_null=True)
    chars_in = serializers.IntegerField(source="month.characters_in")
    chars_out = serializers.IntegerField(source="month.characters_out")
    prompt_tokens = serializers.IntegerField(source="month.tokens_in")
    completion_tokens = serializers.IntegerField(source="month.tokens_out")
    hour_resets_at = serializers.DateTimeField(
        source="standing.hour_resets_at", help_text="When the hour's window frees the next call; now, if it is free."
    )
    month_resets_at = serializers.DateTimeField(source="standing.month_resets_at")


class AccountSerializer(serializers.Serializer[Account]):
    """A person and their usage."""

    user = AccountUserSerializer()
    usage = UsageSerializer(source="*")


@extend_schema(tags=["identity"])
class AccountView(APIView):
    read_scope = Scope.ACCOUNT_READ

    @extend_schema(operation_id="account", responses=AccountSerializer)
    def get(self, request: Request) -> Response:
        """Show who is asking, and how much they have used of what they may."""
        user = cast("User", request.user)  # the default permission lets nobody else in
        account: Any = Account(user, quota.standing(user), reports.of_month(user))
        return Response(AccountSerializer(account).data)
