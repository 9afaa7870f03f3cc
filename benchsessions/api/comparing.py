"""Sessions beside each other, for programs."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchsessions.api.base import BenchViewSet
from benchsessions.comparing import FEWEST, MOST, Change, Comparison, Row, Show, Totals, compare
from benchsessions.forms.comparing import number_fault, sessions_named
from benchsessions.judged import Judged
from benchsessions.models import BenchSession, Item, ItemStatus
from benchsessions.queries import sessions
from tenants.api.fields import QueryIntegerField, StrictCharField
from tenants.exceptions import Invalid

MOST_QUESTIONS = 1_000
SESSIONS_NAMED = f"The sessions, {FEWEST} to {MOST} of them; the baseline comes first."


class JudgedSerializer(serializers.Serializer[Judged]):
    """Verdicts among `questions`; accuracy is null where nothing is rated, and leaves out what does not apply."""

    questions = serializers.IntegerField()
    rated = serializers.IntegerField()
    correct = serializers.IntegerField()
    partially_correct = serializers.IntegerField(source="partly")
    incorrect = serializers.IntegerField()
    not_applicable = serializers.IntegerField()
    accuracy_strict = serializers.FloatField(source="strict", allow_null=True)
    accuracy_lenient = serializers.FloatField(source="lenient", allow_null=True)


class TotalsSerializer(serializers.Serializer[Totals]):
    """A session as a whole; `common` are the questions that every session has judged."""

    session_id = serializers.UUIDField(source="session.id")
    title = serializers.CharField(source="session.title")
    environment = serializers.CharField(source="session.environment")
    created_at = serializers.DateTimeField(source="session.created_at")
    failed = serializers.IntegerField()
    hidden = serializers.IntegerField(help_text="Verdicts that are not shown to you before you have judged.")
    judged = JudgedSerializer()
    common = JudgedSerializer()
    changes = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many questions changed in which way; empty for the baseline."
    )


class CellSerializer(serializers.Serializer[Any]):
    """A question in one session; `change` is null in the baseline."""

    index = serializers.IntegerField()
    status = serializers.ChoiceField(ItemStatus.choices)
    verdict = serializers.CharField()
    change = serializers.ChoiceField(Change.choices, allow_null=True)
    is_same_answer = serializers.BooleanField()


class ComparedSerializer(serializers.Serializer[Any]):
    """A question with what each session has of it, null where it does not have it."""

    question = serializers.CharField()
    external_id = serializers.CharField()
    sessions = serializers.ListField(child=CellSerializer(allow_null=True))


class ComparisonSerializer(serializers.Serializer[Any]):
    """Sessions in the order asked for, the baseline first, and the questions asked for of `total`."""

    sessions = TotalsSerializer(many=True)
    questions = ComparedSerializer(many=True)
    total = serializers.IntegerField()


class CompareQuerySerializer(serializers.Serializer[Any]):
    """Which questions are listed."""

    show = serializers.ChoiceField(Show.choices, default=Show.ALL)
    search = StrictCharField(default="", allow_blank=True, max_length=200)
    limit = QueryIntegerField(default=200, min_value=1, max_value=MOST_QUESTIONS)
    offset = QueryIntegerField(default=0, min_value=0, max_value=2**31)


class ComparisonViewSet(BenchViewSet[BenchSession]):
    """Sessions side by side, question by question."""

    refusals: ClassVar[dict[str, list[str]]] = {"compare": ["400", "404"]}

    def base_queryset(self) -> QuerySet[BenchSession]:
        return sessions()

    @extend_schema(
        operation_id="compare_sessions",
        parameters=[
            OpenApiParameter("s", OpenApiTypes.UUID, many=True, required=True, description=SESSIONS_NAMED),
            CompareQuerySerializer,
        ],
        responses=ComparisonSerializer,
    )
    def compare(self, request: Request) -> Response:
        """Compare sessions by question with the first of them."""
        query = CompareQuerySerializer(data={name: request.query_params[name] for name in request.query_params})
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        chosen = sessions_named(request.query_params)
        if fault := number_fault(chosen):
            raise Invalid(errors={"s": [fault]})
        comparison = compare(chosen, self.analyst)
        rows = comparison.shown(asked["show"], asked["search"])
        shown = rows[asked["offset"] : asked["offset"] + asked["limit"]]
        answer = {"sessions": comparison.totals, "questions": _questions(comparison, shown), "total": len(rows)}
        return Response(ComparisonSerializer(answer).data)


def _questions(comparison: Comparison, rows: list[Row]) -> list[dict[str, Any]]:
    texts = dict(Item.objects.filter(id__in=[row.first.id for row in rows]).values_list("id", "question"))
    return [
        {
            "question": texts.get(row.first.id, ""),
            "external_id": next((cell.external_id for cell in row.cells if cell and cell.external_id), ""),
            "sessions": [_cell(row, place) for place in range(len(comparison.sessions))],
        }
        for row in rows
    ]


def _cell(row: Row, place: int) -> dict[str, Any] | None:
    cell = row.cells[place]
    if cell is None:
        return None
    return {
        "index": cell.position,
        "status": cell.status,
        "verdict": cell.verdict,
        "change": row.changes[place - 1] if place else None,
        "is_same_answer": row.is_same_answer(place),
    }
