"""Sessions, questions and verdicts as JSON, in and out."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from benchsessions.filters import ItemFilter
from benchsessions.models import Annotation, BenchSession, Flag, Item
from benchsessions.models.annotations import FLAG_CHARS
from benchsessions.models.targets import ApiMode, Environment
from benchsessions.opinions import TOLD
from tenants.api.fields import ObjectField, QueryIntegerField, StrictCharField, WriteSerializer

MOST_ITEMS = 200


@extend_schema_field({})
class AnyJSONField(serializers.JSONField):
    """Any JSON, as it was sent."""


class SessionSerializer(serializers.ModelSerializer[BenchSession]):
    """A session and its counts, null where your second opinion is asked; `version` changes with everything in it."""

    session_id = serializers.UUIDField(source="id")
    owner = serializers.CharField()

    class Meta:
        model = BenchSession
        fields = [
            *("session_id", "title", "environment", "api_mode", "owner", "is_misaligned", "version"),
            *("n_questions", "n_answered", "n_failed", "n_skipped", "n_rated", "n_correct", "n_partly"),
            *("n_incorrect", "n_not_applicable", "n_flagged", "created_at", "updated_at"),
        ]
        read_only_fields = fields
        extra_kwargs: ClassVar = {name: {"allow_null": True} for name in TOLD}


@extend_schema_serializer(many=False)
class SessionsSerializer(serializers.Serializer[Any]):
    """A page of sessions, and how many there are."""

    sessions = SessionSerializer(many=True)
    total = serializers.IntegerField()


class SessionsQuerySerializer(serializers.Serializer[Any]):
    """Which sessions are listed."""

    environment = serializers.ChoiceField(Environment.choices, required=False)
    api_mode = serializers.ChoiceField(ApiMode.choices, required=False)
    limit = QueryIntegerField(default=50, min_value=1, max_value=MOST_ITEMS)
    offset = QueryIntegerField(default=0, min_value=0, max_value=2**31)


class ItemRowSerializer(serializers.ModelSerializer[Item]):
    """A question in a list; `verdict` is the rating that counts."""

    class Meta:
        model = Item
        fields = ["index", "question", "status", "elapsed_ms", "verdict", "is_disputed", "is_changed", "is_flagged"]
        read_only_fields = fields


@extend_schema_serializer(many=False)
class ItemsSerializer(serializers.Serializer[Any]):
    """Some questions; `next_after` is what to ask for next, null at the end."""

    items = ItemRowSerializer(many=True)
    next_after = serializers.IntegerField(allow_null=True)


class ItemsQuerySerializer(serializers.Serializer[Any]):
    """Which questions are listed: those after an index."""

    filter = serializers.ChoiceField(ItemFilter.choices, default=ItemFilter.ALL)
    search = StrictCharField(default="", allow_blank=True, max_length=200)
    after = QueryIntegerField(default=-1, min_value=-1, max_value=2**31 - 1)
    limit = QueryIntegerField(default=50, min_value=1, max_value=MOST_ITEMS)


class AnnotationSerializer(serializers.ModelSerializer[Annotation]):
    """What somebody says of an answer: section → rating, issues, comment; null when it was taken back."""

    index = serializers.IntegerField(source="item.index")
    author = serializers.CharField()
    data = AnyJSONField()  # type: ignore[assignment] # a field; the class keeps its own property
    rating = serializers.CharField(allow_null=True)

    class Meta:
        model = Annotation
        fields = ["index", "author", "data", "rating", "is_second", "version", "updated_at"]
        read_only_fields = fields

    def to_representation(self, instance: Annotation) -> dict[str, Any]:
        return {**super().to_representation(instance), "rating": instance.rating or None}


class AnnotationWriteSerializer(serializers.Serializer[Any]):
    """What is to be said of an answer, as a whole; null takes it back."""

    data = ObjectField(allow_null=True)  # type: ignore[assignment]


class AnnotationsWriteSerializer(serializers.Serializer[Any]):
    """Changes of annotations: index → section → what is said; null clears a section or all of an index."""

    annotations = ObjectField()

    def validate_annotations(self, sent: dict[str, Any]) -> dict[str, Any]:
        wrong = {
            index: ["This must be an object of sections, or null."]
            for index, sections in sent.items()
            if not (sections is None or isinstance(sections, dict))
        }
        if wrong:
            raise serializers.ValidationError(wrong)
        return sent


class ChangesSerializer(serializers.Serializer[Any]):
    """How many annotations a call changed and emptied, and the session's version now."""

    changed = serializers.IntegerField()
    cleared = serializers.IntegerField()
    version = serializers.IntegerField()


class FlagSerializer(serializers.ModelSerializer[Flag]):
    """Why an answer is to be discussed; `resolved_at` is null as long as it is."""

    author = serializers.CharField(allow_null=True)
    resolved_by = serializers.CharField(allow_null=True)

    class Meta:
        model = Flag
        fields = ["id", "author", "comment", "created_at", "resolved_at", "resolved_by"]
        read_only_fields = fields


class FlagWriteSerializer(WriteSerializer):
    """Why an answer is to be discussed."""

    comment = StrictCharField(required=False, allow_blank=True, max_length=FLAG_CHARS)


class PreviousSerializer(serializers.ModelSerializer[Item]):
    """The same question the time before."""

    session_id = serializers.UUIDField()

    class Meta:
        model = Item
        fields = ["session_id", "index", "verdict"]
        read_only_fields = fields


class ItemSerializer(serializers.ModelSerializer[Item]):
    """One question whole: what was sent and answered as it came, your own annotation, others', and flags."""

    request = AnyJSONField()
    answer = AnyJSONField(allow_null=True)
    reference = AnyJSONField()
    previous = PreviousSerializer(allow_null=True)
    annotation = serializers.SerializerMethodField()
    annotations = serializers.SerializerMethodField()
    flags = serializers.SerializerMethodField()

    class Meta:
        model = Item
        fields = [
            *("index", "question", "request", "answer", "status", "elapsed_ms", "attempts", "answered_at"),
            *("reference", "previous", "is_changed", "verdict", "is_disputed", "decided_rating", "is_flagged"),
            *("annotation", "annotations", "flags"),
        ]
        read_only_fields = fields

    @extend_schema_field(AnnotationSerializer(allow_null=True))
    def get_annotation(self, item: Item) -> Any:
        own = self.context["own"]
        return own and AnnotationSerializer(own).data

    @extend_schema_field(AnnotationSerializer(many=True))
    def get_annotations(self, item: Item) -> Any:
        return AnnotationSerializer(self.context["others"], many=True).data

    @extend_schema_field(FlagSerializer(many=True))
    def get_flags(self, item: Item) -> Any:
        return FlagSerializer(self.context["flags"], many=True).data
