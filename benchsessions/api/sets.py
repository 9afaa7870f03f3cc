"""Question sets over HTTP."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.names import printable
from benchsessions import sets
from benchsessions.api.base import BenchViewSet
from benchsessions.api.contract.parsers import BenchJSONParser
from benchsessions.characters import check_characters
from benchsessions.exceptions import SetNotFound
from benchsessions.faults import refuse
from benchsessions.models import Question, QuestionSet, QuestionSetVersion
from benchsessions.models.questions import NAME_CHARS
from benchsessions.wording import MOST_DOCUMENTS, MOST_TAGS, Wording, faults_of, number_fault
from tenants.api.fields import QueryIntegerField, StrictBooleanField, StrictCharField, WriteSerializer
from tenants.api.parsers import take_body
from tenants.exceptions import NotFound
from tenants.managers import find

MOST_QUESTIONS = 200
MOST_SETS = 200


class SetVersionSerializer(serializers.ModelSerializer[QuestionSetVersion]):
    """A version of a set; one with `frozen_at` was used and stays as it is."""

    version_id = serializers.UUIDField(source="id")

    class Meta:
        model = QuestionSetVersion
        fields = ["version_id", "number", "n_questions", "frozen_at", "created_at"]
        read_only_fields = fields


class SetSerializer(serializers.ModelSerializer[QuestionSet]):
    """A set with its versions, the newest first."""

    set_id = serializers.UUIDField(source="id")
    versions = SetVersionSerializer(many=True)

    class Meta:
        model = QuestionSet
        fields = ["set_id", "name", "description", "is_archived", "created_at", "versions"]
        read_only_fields = fields


@extend_schema_serializer(many=False)
class SetsSerializer(serializers.Serializer[Any]):
    """A page of sets, and how many there are."""

    sets = SetSerializer(many=True)
    total = serializers.IntegerField()


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """A question, and what a good answer to it has."""

    class Meta:
        model = Question
        fields = [
            *("position", "body", "with_docs", "reference_answer", "expected_documents", "tags", "external_id"),
        ]
        read_only_fields = fields


class QuestionsSerializer(serializers.Serializer[Any]):
    """A page of the questions of a version."""

    number = serializers.IntegerField()
    questions = QuestionSerializer(many=True)
    total = serializers.IntegerField()


class SetsQuerySerializer(serializers.Serializer[Any]):
    """Which sets are listed."""

    is_archived = serializers.BooleanField(default=False)
    limit = QueryIntegerField(default=50, min_value=1, max_value=MOST_SETS)
    offset = QueryIntegerField(default=0, min_value=0, max_value=2**31)


class QuestionsQuerySerializer(serializers.Serializer[Any]):
    """Which questions are listed; without `version` those of the newest one."""

    version = QueryIntegerField(required=False, min_value=1, max_value=2**31 - 1)
    limit = QueryIntegerField(default=50, min_value=1, max_value=MOST_QUESTIONS)
    offset = QueryIntegerField(default=0, min_value=0, max_value=2**31)


class TextsField(serializers.ListField):
    """A short list of texts; a longer one is refused before each text in it is."""

    child = StrictCharField()

    def to_internal_value(self, data: Any) -> list[str]:
        most = self.max_length
        if isinstance(data, list) and most is not None and len(data) > most:
            self.fail("max_length", max_length=most)
        texts: list[str] = super().to_internal_value(data)
        return texts


class QuestionsWriteSerializer(serializers.ListSerializer[Any]):
    """Questions to be, as many as a version may have; more are refused before each of them is."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and (fault := number_fault(len(data))):
            raise serializers.ValidationError([fault])
        questions: list[Any] = super().to_internal_value(data)
        return questions


class QuestionWriteSerializer(WriteSerializer):
    """A question to be; only `body` is needed."""

    class Meta:
        list_serializer_class = QuestionsWriteSerializer

    body = StrictCharField(trim_whitespace=False)
    with_docs = StrictBooleanField(default=True)
    reference_answer = StrictCharField(default="", allow_blank=True, trim_whitespace=False)
    expected_documents = TextsField(default=list, max_length=MOST_DOCUMENTS)
    tags = TextsField(default=list, max_length=MOST_TAGS)
    external_id = StrictCharField(default="", allow_blank=True)


class VersionWriteSerializer(serializers.Serializer[Any]):
    """The questions of a version to be."""

    questions = QuestionWriteSerializer(many=True)

    def validate_questions(self, sent: list[dict[str, Any]]) -> list[Wording]:
        return [Wording(**question) for question in sent]


class SetWriteSerializer(VersionWriteSerializer):
    """A set to be."""

    name = StrictCharField(max_length=NAME_CHARS, validators=[printable])
    description = StrictCharField(max_length=2000, default="", allow_blank=True)


class SetChangeSerializer(WriteSerializer):
    """What is to be changed of a set."""

    name = StrictCharField(max_length=NAME_CHARS, validators=[printable], required=False)
    description = StrictCharField(max_length=2000, required=False, allow_blank=True)
    is_archived = StrictBooleanField(required=False)


class SetViewSet(BenchViewSet[QuestionSet]):
    """The team's question sets."""

    lookup_url_kwarg = "set_id"
    serializer_class = SetSerializer
    parser_classes = [BenchJSONParser]
    refusals = {"create": ["409"], "partial_update": ["409"]}

    def base_queryset(self) -> QuerySet[QuestionSet]:
        return QuestionSet.objects.prefetch_related("versions")

    @extend_schema(parameters=[SetsQuerySerializer], responses=SetsSerializer)
    def list(self, request: Request) -> Response:
        """List the team's sets by name."""
        wanted = _given(SetsQuerySerializer(data=request.query_params.dict()))
        found = self.get_queryset().filter(is_archived=wanted["is_archived"]).order_by("name", "id")
        shown = found[wanted["offset"] : wanted["offset"] + wanted["limit"]]
        return Response(SetsSerializer({"sets": shown, "total": found.count()}).data)

    def retrieve(self, request: Request, set_id: UUID) -> Response:
        """Show a set and its versions."""
        return self._shown(set_id)

    @extend_schema(request=SetWriteSerializer, responses={201: SetSerializer})
    def create(self, request: Request) -> Response:
        """Make a set with its first version."""
        given = _given(SetWriteSerializer(data=_body(request)))
        _check(given["questions"])
        made = sets.create_set(by=self.analyst, **given)
        return self._shown(made.id, status=201)

    @extend_schema(request=SetChangeSerializer)
    def partial_update(self, request: Request, set_id: UUID) -> Response:
        """Rename a set, say anew what it is for, put it into the archive or bring it back."""
        if find(self.get_queryset(), id=set_id) is None:
            raise SetNotFound()
        changes = _given(SetChangeSerializer(data=_body(request)))
        if changes:
            sets.change_set(set_id=set_id, **changes)
        return self._shown(set_id)

    @extend_schema(request=VersionWriteSerializer, responses={201: SetSerializer})
    def add_version(self, request: Request, set_id: UUID) -> Response:
        """Put other questions into a set, as its next version."""
        if find(self.get_queryset(), id=set_id) is None:
            raise SetNotFound()
        given = _given(VersionWriteSerializer(data=_body(request)))
        _check(given["questions"])
        sets.add_version(set_id=set_id, by=self.analyst, questions=given["questions"])
        return self._shown(set_id, status=201)

    @extend_schema(parameters=[QuestionsQuerySerializer], responses=QuestionsSerializer)
    def questions(self, request: Request, set_id: UUID) -> Response:
        """List the questions of a version of a set."""
        if find(self.get_queryset(), id=set_id) is None:
            raise SetNotFound()
        wanted = _given(QuestionsQuerySerializer(data=request.query_params.dict()))
        versions = QuestionSetVersion.objects.filter(question_set=set_id)
        if "version" in wanted:
            versions = versions.filter(number=wanted["version"])
        version = versions.order_by("-number").first()
        if version is None:
            raise NotFound()
        shown = version.questions.all()[wanted["offset"] : wanted["offset"] + wanted["limit"]]
        page = {"number": version.number, "questions": shown, "total": version.n_questions}
        return Response(QuestionsSerializer(page).data)

    def _shown(self, set_id: UUID, status: int = 200) -> Response:
        question_set = find(self.get_queryset(), id=set_id)
        if question_set is None:
            raise SetNotFound()
        return Response(SetSerializer(question_set).data, status=status)


def _given(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _body(request: Request) -> Any:
    body = take_body(request)
    check_characters(body, "")
    return body


def _check(questions: list[Wording]) -> None:
    """Raise `Invalid` with the path of what is wrong with questions."""
    faults = ((f"questions.{place}.{name}", sentence) for place, name, sentence in faults_of(questions))
    refuse(faults, _("Some questions are not valid."))
