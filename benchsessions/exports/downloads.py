"""The export as an answer, to pages and programs alike."""

from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase

from accounts import audit
from accounts.audit import AuditAction
from benchsessions.exports.streams import CONTENT_TYPES, FileFormat, stream
from benchsessions.filters import ItemFilter
from benchsessions.models import Analyst, BenchSession
from tenants.spreadsheets import as_download


def download(session: BenchSession, viewer: Analyst, asked: dict[str, Any], *, is_only_head: bool) -> HttpResponseBase:
    """Hand a session out as the file that a valid `ExportForm` asks for, and note it in the team's log."""
    file_format = FileFormat(asked["format"])
    name = asked["filter"] or ItemFilter.ALL
    if not is_only_head:  # who asks for the headers alone gets no rows
        audit.record(
            AuditAction.EXPORTED,
            team_id=session.team_id,
            target=session,
            what="bench session",
            format=file_format.value,
            filter=str(name),
        )
    pieces = stream(session, viewer, file_format, name=name, search=asked["q"], separator=asked["sep"] or ",")
    response = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[file_format])
    return as_download(response, f"{_name_of(session)}.{file_format}")


def _name_of(session: BenchSession) -> str:
    return f"bench-{session.environment}-{session.created_at:%Y-%m-%d}-{str(session.id)[:8]}"
