"""Our own calls about second opinions: asking, agreement, deciding."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import people
from benchsessions import opinions
from benchsessions.agreement import agreement_of
from benchsessions.api.base import BenchViewSet
from benchsessions.exceptions import AnalystNotFound, StillBlind
from benchsessions.models import Item, SecondOpinion
from benchsessions.models.sessions import RATING_CHARS
from benchsessions.queries import analyst_of, analyst_with, session_with
from tenants.api.fields import StrictCharField, StrictIntegerField, StrictUUIDField, WriteSerializer
from tenants.managers import find


class OpinionSerializer(serializers.ModelSerializer[SecondOpinion]):
    """Somebody who was asked: of `n_asked` answers that are theirs to judge they rated `n_given`."""

    reviewer_id = serializers.UUIDField()
    reviewer = serializers.CharField()
    n_asked = serializers.IntegerField(read_only=True)
    n_given = serializers.IntegerField(read_only=True)

    class Meta:
        model = SecondOpinion
        fields = ["reviewer_id", "reviewer", "every", "n_asked", "n_given", "created_at"]
        read_only_fields = fields


@extend_schema_serializer(many=False)
class OpinionsSerializer(serializers.Serializer[Any]):
    """Who was asked about a session; to one of them, nobody but themselves."""

    opinions = OpinionSerializer(many=True)


class AskSerializer(WriteSerializer):
    """Which colleague is asked, by the id of their account, and about every n-th answer."""

    user_id = StrictUUIDField()
    every = StrictIntegerField(required=False, min_value=1, max_value=opinions.MOST_EVERY)


class DecisionSerializer(WriteSerializer):
    """The verdict that counts: one of the scale, or one that somebody gave."""

    rating = StrictCharField(max_length=RATING_CHARS, trim_whitespace=False)  # as it was given


class DecidedSerializer(serializers.ModelSerializer[Item]):
    """The verdict on an answer that counts now."""

    decided_by = serializers.CharField(allow_null=True)

    class Meta:
        model = Item
        fields = ["index", "verdict", "is_disputed", "decided_rating", "decided_by", "decided_at"]
        read_only_fields = fields


class PairSerializer(serializers.Serializer[Any]):
    """How often one person gave a rating where the other gave theirs."""

    one = serializers.CharField()
    other = serializers.CharField()
    count = serializers.IntegerField()


class AgreementSerializer(serializers.Serializer[Any]):
    """How far two people agree on the answers that both rated; where there is no `kappa`, `undefined` says why."""

    n_questions = serializers.IntegerField()
    n_common = serializers.IntegerField()
    n_same = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    kappa = serializers.FloatField(allow_null=True)
    undefined = serializers.CharField(allow_null=True)
    pairs = PairSerializer(many=True)


class OpinionViewSet(BenchViewSet[SecondOpinion]):
    """Second opinions on a session."""

    serializer_class = OpinionSerializer
    refusals: ClassVar[dict[str, list[str]]] = {name: ["403"] for name in ("create", "destroy", "agreement", "decide")}

    def base_queryset(self) -> QuerySet[SecondOpinion]:
        return SecondOpinion.objects.filter(session__deleted_at=None)

    @extend_schema(operation_id="list_opinions", responses=OpinionsSerializer)
    def list(self, request: Request, bench_id: UUID) -> Response:
        """List who was asked for a second opinion on a session, and how far they are."""
        asked = opinions.opinions_on(session_with(bench_id))
        own = find(asked, reviewer=self.analyst)
        return Response(OpinionsSerializer({"opinions": asked if own is None else [own]}).data)

    @extend_schema(operation_id="ask_opinion", request=AskSerializer, responses={201: OpinionSerializer})
    def create(self, request: Request, bench_id: UUID) -> Response:
        """Ask a colleague, who then sees what others say of an answer only once they rated it."""
        session = session_with(bench_id)
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        colleague = find(people().filter(is_active=True), id=asked.validated_data["user_id"])
        if colleague is None:
            raise AnalystNotFound()
        opinion = opinions.ask_second_opinion(
            session_id=session.id,
            reviewer=analyst_of(colleague),
            by=self.analyst,
            every=asked.validated_data.get("every", 1),
        )
        return Response(OpinionSerializer(find(opinions.opinions_on(session), id=opinion.id)).data, status=201)

    @extend_schema(operation_id="withdraw_opinion")
    def destroy(self, request: Request, bench_id: UUID, analyst_id: UUID) -> Response:
        """Ask a colleague no more; what they rated stays."""
        opinions.withdraw(session_id=bench_id, reviewer=analyst_with(analyst_id), by=self.analyst)
        return Response(status=204)

    @extend_schema(
        operation_id="agreement",
        parameters=[OpenApiParameter("other_id", {"type": "string", "format": "uuid"}, OpenApiParameter.PATH)],
        responses=AgreementSerializer,
    )
    def agreement(self, request: Request, bench_id: UUID, analyst_id: UUID, other_id: UUID) -> Response:
        """Tell how far two people agree on a session, to those who were not asked themselves."""
        session = session_with(bench_id)
        if find(SecondOpinion.objects.all(), session=session, reviewer=self.analyst) is not None:
            raise StillBlind()
        found = agreement_of(session, analyst_with(analyst_id), analyst_with(other_id))
        body = {
            "n_questions": session.n_questions,
            "n_common": found.common,
            "n_same": found.same,
            "share": found.share,
            "kappa": found.kappa,
            "undefined": found.undefined,
            "pairs": [{"one": one, "other": other, "count": n} for (one, other), n in sorted(found.pairs.items())],
        }
        return Response(AgreementSerializer(body).data)

    @extend_schema(operation_id="decide", request=DecisionSerializer, responses=DecidedSerializer)
    def decide(self, request: Request, bench_id: UUID, index: int) -> Response:
        """Say which verdict on an answer counts, whatever people say of it."""
        asked = DecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rating = asked.validated_data["rating"]
        item = opinions.decide(session_id=bench_id, index=index, rating=rating, by=self.analyst)
        return Response(DecidedSerializer(item).data)

    @extend_schema(operation_id="undecide", responses={200: DecidedSerializer})
    def undecide(self, request: Request, bench_id: UUID, index: int) -> Response:
        """Take a decision back."""
        return Response(DecidedSerializer(opinions.undecide(session_id=bench_id, index=index, by=self.analyst)).data)
