"""A session as a file, for programs."""

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from benchsessions.api.base import BenchViewSet
from benchsessions.exports.downloads import download
from benchsessions.exports.streams import CONTENT_TYPES, FileFormat
from benchsessions.filters import ItemFilter
from benchsessions.forms.exporting import ExportForm
from benchsessions.models import BenchSession
from benchsessions.queries import session_with, sessions

ASKED = [
    OpenApiParameter("format", enum=FileFormat.values, required=True),
    OpenApiParameter("filter", enum=["", *ItemFilter.values], default="all"),
    OpenApiParameter("q", description="A text that the questions hold."),
    OpenApiParameter("sep", enum=["", ",", ";"], default=",", description="What parts the cells of CSV."),
]


class ExportViewSet(BenchViewSet[BenchSession]):
    """A session as CSV, XLSX or JSON Lines."""

    refusals: ClassVar[dict[str, list[str]]] = {"retrieve": ["400"]}

    def base_queryset(self) -> QuerySet[BenchSession]:
        return sessions()

    @extend_schema(
        operation_id="export_session",
        parameters=ASKED,
        responses={(200, type_.partition(";")[0]): OpenApiTypes.BINARY for type_ in CONTENT_TYPES.values()},
    )
    def retrieve(self, request: Request, bench_id: UUID) -> HttpResponseBase:
        """Hand out a session as a file: a row for each question and each person who said something of the answer."""
        session = session_with(bench_id)
        asked = ExportForm.read(request.query_params)
        return download(session, self.analyst, asked, is_only_head=request.method == "HEAD")
