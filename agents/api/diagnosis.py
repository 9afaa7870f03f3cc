"""Testing an agent and reading its failures, over HTTP, for team admins."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsTeamAdmin
from agents import diagnosis
from agents.api.base import AgentViews
from agents.diagnosis.steps import MOMENTS, State
from agents.failures import last_failures
from agents.models import RunPurpose
from tenants.api.fields import StrictCharField, WriteSerializer


class TestSerializer(WriteSerializer):
    question = StrictCharField(
        required=False, max_length=diagnosis.LONGEST_QUESTION, help_text=f"Unless given: {diagnosis.HELLO}"
    )


class StepSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField([*MOMENTS])
    state = serializers.ChoiceField([*State])
    ms = serializers.IntegerField(allow_null=True, help_text="Since the test began.")
    detail = serializers.CharField()


class ReportSerializer(serializers.Serializer[Any]):
    """What a test found; code, message and advice are empty where nothing is wrong."""

    run_id = serializers.UUIDField()
    ok = serializers.BooleanField()
    steps = StepSerializer(many=True)
    format = serializers.CharField()
    http_status = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    message = serializers.CharField(help_text="What people are told.")
    advice = serializers.CharField(help_text="What to change.")
    preview = serializers.CharField(help_text="The beginning of the answer, shown only here and now.")


class FailureSerializer(serializers.Serializer[Any]):
    run_id = serializers.UUIDField()
    when = serializers.DateTimeField()
    purpose = serializers.ChoiceField(RunPurpose.choices)
    code = serializers.CharField()
    sentence = serializers.CharField(help_text="What people are told.")
    advice = serializers.CharField(help_text="What to change.")
    diagnosis = serializers.CharField(help_text="What was seen.")
    http_status = serializers.IntegerField(allow_null=True)
    format = serializers.CharField()
    version = serializers.IntegerField(allow_null=True, help_text="Of the agent, at that time.")


@extend_schema(tags=["agents"])
class Diagnosis(AgentViews):
    refusals: ClassVar[dict[str, list[str]]] = {"test": ["429"]}

    @extend_schema(request=TestSerializer, responses=ReportSerializer)
    @action(detail=True, methods=["post"], permission_classes=[IsTeamAdmin])
    def test(self, request: Request, pk: str) -> Response:
        """Test an agent with a real call: how far it comes, and what to change where it fails.

        Answers within about a minute, also where the agent fails. It is charged to nobody.
        """
        agent = self.get_object()
        asked = TestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(ReportSerializer(diagnosis.examine(agent, by=self._user, **asked.validated_data)).data)

    @extend_schema(responses=FailureSerializer(many=True))
    @action(detail=True, permission_classes=[IsTeamAdmin], pagination_class=None)
    def failures(self, request: Request, pk: str) -> Response:
        """List the last 20 failures of an agent in 30 days, each with what to change."""
        return Response(FailureSerializer(last_failures(self.get_object()), many=True).data)
