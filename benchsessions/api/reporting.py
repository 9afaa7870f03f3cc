"""What sessions add up to, for programs."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchsessions.api.base import BenchViewSet
from benchsessions.api.comparing import JudgedSerializer
from benchsessions.forms.reporting import RANGES, ReportForm
from benchsessions.issues import Issue, Issues
from benchsessions.listing import sessions_asked_for
from benchsessions.models import ApiMode, BenchSession, Environment
from benchsessions.queries import sessions
from benchsessions.reports import Report, Sums, report_of

# As in the page's form, an empty one asks for all.
ID_OR_ALL: dict[str, Any] = {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "enum": [""]}]}
ASKED = [
    OpenApiParameter("days", int, enum=[days for days, _label in RANGES], default=90),
    OpenApiParameter("environment", enum=["", *Environment.values], description="Empty is any."),
    OpenApiParameter("mode", enum=["", *ApiMode.values], description="Empty is any."),
    OpenApiParameter("set", ID_OR_ALL, description="A question set; empty is any."),
    OpenApiParameter("owner", ID_OR_ALL, description="Whose sessions; empty is everybody's."),
]


class SumsSerializer(serializers.Serializer[Sums]):
    """Sessions of one environment; seconds until an answer are null where none was timed."""

    environment = serializers.ChoiceField(Environment.choices)
    sessions = serializers.IntegerField()
    answered = serializers.IntegerField()
    failed = serializers.IntegerField()
    judged = JudgedSerializer()
    p50_seconds = serializers.FloatField(source="seconds.p50", allow_null=True)
    p95_seconds = serializers.FloatField(source="seconds.p95", allow_null=True)


class DaySerializer(serializers.Serializer[Any]):
    """A day (UTC) on which sessions were begun."""

    day = serializers.DateField()
    environments = SumsSerializer(many=True)


class IssueSerializer(serializers.Serializer[Issue]):
    """How many answers have an issue, its share of all, and that with those before, in per cent."""

    code = serializers.CharField(allow_blank=True)
    answers = serializers.IntegerField()
    percent = serializers.FloatField()
    cumulative = serializers.FloatField()


class IssuesSerializer(serializers.Serializer[Issues]):
    """The issues by frequency; `answers` have at least one."""

    answers = serializers.IntegerField()
    listed = IssueSerializer(many=True)
    left_out = serializers.IntegerField()
    stages = IssueSerializer(many=True)
    sections = IssueSerializer(many=True)


class BenchReportSerializer(serializers.Serializer[Report]):
    """What sessions of a period come to; the verdicts of `hidden_sessions` you are not to know yet."""

    first = serializers.DateField(source="period.first")
    last = serializers.DateField(source="period.last")
    environments = SumsSerializer(many=True)
    days = serializers.SerializerMethodField()
    issues = IssuesSerializer()
    hidden_sessions = serializers.IntegerField(source="hidden")

    @extend_schema_field(DaySerializer(many=True))
    def get_days(self, report: Report) -> Any:
        """Return the days in their order."""
        days = [{"day": day, "environments": sums} for day, sums in report.days.items()]
        return DaySerializer(days, many=True).data


class ReportViewSet(BenchViewSet[BenchSession]):
    """Accuracy, errors, waiting and issues of the team's sessions."""

    refusals: ClassVar[dict[str, list[str]]] = {"report": ["400"]}

    def base_queryset(self) -> QuerySet[BenchSession]:
        return sessions()

    @extend_schema(operation_id="report_sessions", parameters=ASKED, responses=BenchReportSerializer)
    def report(self, request: Request) -> Response:
        """Add up the sessions begun in the last days, by environment and by day."""
        asked = ReportForm.read(request.query_params).cleaned_data
        return Response(BenchReportSerializer(report_of(sessions_asked_for(asked), asked["days"], self.analyst)).data)
