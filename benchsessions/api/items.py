"""Our own calls about sessions, their questions, and what people say of the answers."""

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from benchsessions.annotating import save_annotation
from benchsessions.api.base import BenchViewSet
from benchsessions.api.shapes import (
    AnnotationSerializer,
    AnnotationsWriteSerializer,
    AnnotationWriteSerializer,
    ChangesSerializer,
    FlagSerializer,
    FlagWriteSerializer,
    ItemSerializer,
    ItemsQuerySerializer,
    ItemsSerializer,
    SessionSerializer,
    SessionsQuerySerializer,
    SessionsSerializer,
)
from benchsessions.api.versions import expected_version
from benchsessions.exceptions import ItemNotFound
from benchsessions.flagging import raise_flag, resolve_flag
from benchsessions.merging import merge_annotations
from benchsessions.models import Annotation, BenchSession, Item
from benchsessions.opinions import cover_counts, sight_of
from benchsessions.queries import session_with, sessions
from benchsessions.reviewing import Selection, annotations_on, flags_of, item_with, own_annotation
from benchsessions.sections import read_annotation
from tenants.managers import find

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description='The version you change, `"4"`; `*` is any.'
)
REFUSED = ["412", "428"]


class SessionViewSet(BenchViewSet[BenchSession]):
    """The team's sessions."""

    lookup_url_kwarg = "bench_id"
    serializer_class = SessionSerializer

    def base_queryset(self) -> QuerySet[BenchSession]:
        return sessions()

    @extend_schema(parameters=[SessionsQuerySerializer], responses=SessionsSerializer)
    def list(self, request: Request) -> Response:
        """List the team's sessions, the newest first."""
        query = SessionsQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        wanted = dict(query.validated_data)
        limit, offset = wanted.pop("limit"), wanted.pop("offset")
        found = self.get_queryset().filter(**wanted)
        shown = list(found[offset : offset + limit])
        cover_counts(self.analyst, shown)
        return Response(SessionsSerializer({"sessions": shown, "total": found.count()}).data)

    def retrieve(self, request: Request, bench_id: UUID) -> Response:
        """Show a session; its questions have calls of their own."""
        session = session_with(bench_id)
        cover_counts(self.analyst, [session])
        return Response(SessionSerializer(session).data)


class ItemViewSet(BenchViewSet[Item]):
    """The questions of a session, with their answers and what people say of them."""

    refusals: ClassVar[dict[str, list[str]]] = {
        "annotate": REFUSED,
        "take_back": REFUSED,
        "merge": REFUSED,
    }

    def base_queryset(self) -> QuerySet[Item]:
        return Item.objects.filter(session__deleted_at=None)

    @extend_schema(parameters=[ItemsQuerySerializer], responses=ItemsSerializer)
    def list(self, request: Request, bench_id: UUID) -> Response:
        """List questions of a session in their order, without what was sent and answered."""
        query = ItemsQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        session = session_with(bench_id)
        selection = Selection.of(session, self.analyst, wanted["filter"], wanted["search"])
        found = list(selection.items().filter(index__gt=wanted["after"])[: wanted["limit"] + 1])
        shown, is_more = found[: wanted["limit"]], len(found) > wanted["limit"]
        sight_of(self.analyst, session.id).cover(shown)
        return Response(ItemsSerializer({"items": shown, "next_after": shown[-1].index if is_more else None}).data)

    @extend_schema(responses=ItemSerializer)
    def retrieve(self, request: Request, bench_id: UUID, index: int) -> Response:
        """Show one question with its answer, and what was said of it as far as you may see that."""
        item = item_with(session_with(bench_id), index)
        viewer = self.analyst
        known = [item, item.previous] if item.previous else [item]
        sight_of(viewer, *(one.session_id for one in known)).cover(known)
        said = annotations_on(item, viewer)
        context = {
            "own": next((one for one in said if one.author_id == viewer.id), None),
            "others": [one for one in said if one.author_id != viewer.id],
            "flags": flags_of(item, viewer),
        }
        return Response(ItemSerializer(item, context=context).data)

    @extend_schema(responses=AnnotationSerializer)
    def annotation(self, request: Request, bench_id: UUID, index: int) -> Response:
        """Show what you say of an answer; version 0 is nothing yet."""
        session = session_with(bench_id)
        item = find(Item.objects.all(), session=session, index=index)
        if item is None:
            raise ItemNotFound()
        own = own_annotation(item, self.analyst) or Annotation(item=item, author=self.analyst, version=0)
        return _annotation(own)

    @extend_schema(parameters=[IF_MATCH], request=AnnotationWriteSerializer, responses=AnnotationSerializer)
    def annotate(self, request: Request, bench_id: UUID, index: int) -> Response:
        """Say something of an answer, in place of all you said before; null takes it back."""
        version = expected_version(request)
        given = AnnotationWriteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data["data"]
        said = None if data is None else read_annotation(data, "data")
        return _annotation(
            save_annotation(session_id=bench_id, index=index, author=self.analyst, data=said, version=version)
        )

    @extend_schema(parameters=[IF_MATCH], responses={204: None})
    def take_back(self, request: Request, bench_id: UUID, index: int) -> Response:
        """Take back what you said of an answer."""
        version = expected_version(request)
        said = save_annotation(session_id=bench_id, index=index, author=self.analyst, data=None, version=version)
        return Response(status=204, headers=_tag(said.version))

    @extend_schema(parameters=[IF_MATCH], request=AnnotationsWriteSerializer, responses=ChangesSerializer)
    def merge(self, request: Request, bench_id: UUID) -> Response:
        """Change parts of what you say of several answers; `If-Match` names the session's version."""
        version = expected_version(request)
        given = AnnotationsWriteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        now, changes = merge_annotations(
            session_id=bench_id, author=self.analyst, sent=given.validated_data["annotations"], version=version
        )
        return Response({**changes._asdict(), "version": now}, headers=_tag(now))

    @extend_schema(request=FlagWriteSerializer, responses={201: FlagSerializer})
    def flag(self, request: Request, bench_id: UUID, index: int) -> Response:
        """Ask to discuss an answer."""
        given = FlagWriteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        comment = given.validated_data.get("comment", "")
        raised = raise_flag(session_id=bench_id, index=index, author=self.analyst, comment=comment)
        return Response(FlagSerializer(raised).data, status=201)

    @extend_schema(request=None, responses=FlagSerializer)
    def resolve(self, request: Request, bench_id: UUID, flag_id: UUID) -> Response:
        """Note that what a flag asks for was discussed."""
        return Response(FlagSerializer(resolve_flag(session_id=bench_id, flag_id=flag_id, by=self.analyst)).data)


def _annotation(said: Annotation) -> Response:
    return Response(AnnotationSerializer(said).data, headers=_tag(said.version))


def _tag(version: int) -> dict[str, str]:
    return {"ETag": f'"{version}"'}
