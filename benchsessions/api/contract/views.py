"""The bench contract over HTTP, for a back end with a key of the team. Who the user is, is that back end's word."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.views import valid
from accounts.models import Scope
from accounts.permissions import IsTrustedBackEnd
from benchsessions import environments
from benchsessions.api.contract.parsers import BenchJSONParser
from benchsessions.api.contract.reading import (
    changes_in,
    checked_object_in,
    new_session_in,
    unknown_keys,
    versions_in,
    warnings_of,
)
from benchsessions.api.contract.serializers import (
    AnalystLoginSerializer,
    AnalystSerializer,
    FullSessionSerializer,
    ListQuerySerializer,
    SessionChangeSerializer,
    SessionListSerializer,
    SessionWriteSerializer,
    SettingsSerializer,
    SettingsWriteSerializer,
    WrittenSessionSerializer,
    WrittenSettingsSerializer,
)
from benchsessions.api.contract.showing import full_session
from benchsessions.entering import enter
from benchsessions.exceptions import ChangedMeanwhile, SessionNotFound
from benchsessions.keeping import delete_session
from benchsessions.models import Analyst, BenchSession
from benchsessions.queries import analyst_with, sessions
from benchsessions.sections import read_annotations
from benchsessions.sessions import change_session, create_session
from tenants.managers import find

MOST_LISTED = 200


@extend_schema(tags=["bench contract"])
class ContractView(APIView):
    permission_classes = [IsTrustedBackEnd]
    parser_classes = [BenchJSONParser]
    read_scope = write_scope = Scope.BENCH
    refusals: ClassVar[dict[str, list[str]]] = {}


class LoginView(ContractView):
    @extend_schema(operation_id="bench_login", request=AnalystLoginSerializer, responses=AnalystSerializer)
    def post(self, request: Request) -> Response:
        """Sign a user in by eight digits; the first time makes them."""
        return Response(AnalystSerializer(enter(checked_object_in(request).get("login"))).data)


class SettingsView(ContractView):
    @extend_schema(operation_id="get_bench_settings", responses=SettingsSerializer)
    def get(self, request: Request, analyst_id: UUID) -> Response:
        """Return how a user asks each environment, tokens included."""
        return Response(SettingsSerializer(settings_body(analyst_with(analyst_id))).data)

    @extend_schema(
        operation_id="put_bench_settings", request=SettingsWriteSerializer, responses=WrittenSettingsSerializer
    )
    def put(self, request: Request, analyst_id: UUID) -> Response:
        """Replace the settings of the environments given."""
        analyst = analyst_with(analyst_id)
        sent = checked_object_in(request)
        environments.write_settings(analyst=analyst, settings=sent.get("settings"))
        body = {**settings_body(analyst), "warnings": unknown_keys(sent, ["settings"])}
        return Response(WrittenSettingsSerializer(body).data)


class SessionsView(ContractView):
    @extend_schema(
        operation_id="list_bench_sessions", parameters=[ListQuerySerializer], responses=SessionListSerializer
    )
    def get(self, request: Request, analyst_id: UUID) -> Response:
        """List a user's sessions, the newest first; a page has at most 200."""
        analyst = analyst_with(analyst_id)
        query = valid(ListQuerySerializer(data=request.query_params.dict()))
        limit, offset = min(query.pop("limit"), MOST_LISTED), query.pop("offset")
        own = sessions().filter(owner=analyst, **query)
        total = own.count()
        page = own[offset : offset + limit] if offset < total else []
        return Response(SessionListSerializer({"sessions": page, "total": total}).data)

    @extend_schema(
        operation_id="create_bench_session", request=SessionWriteSerializer, responses={201: WrittenSessionSerializer}
    )
    def post(self, request: Request, analyst_id: UUID) -> Response:
        """Keep a session: its questions, their answers, and what was said of them."""
        analyst = analyst_with(analyst_id)
        environment, api_mode, sent = new_session_in(request)
        questions = sent.questions or []
        said = None if sent.annotations is None else read_annotations(sent.annotations, len(questions))
        session = create_session(
            owner=analyst,
            environment=environment,
            api_mode=api_mode,
            questions=questions,
            response=sent.response,
            replaced_characters=sent.replaced_characters,
            annotations=said,
        )
        changes = {"changed": len(said or {}), "cleared": 0}
        return shown(session, analyst, status=201, warnings=warnings_of(sent), changes=changes)


class SessionView(ContractView):
    refusals = {"put": ["409", "412"], "delete": ["409"]}

    @extend_schema(operation_id="get_bench_session", responses=FullSessionSerializer)
    def get(self, request: Request, analyst_id: UUID, bench_id: UUID) -> Response:
        """Return a session whole; `ETag` is its version."""
        analyst = analyst_with(analyst_id)
        return shown(session_of(analyst, bench_id), analyst)

    @extend_schema(
        operation_id="put_bench_session", request=SessionChangeSerializer, responses=WrittenSessionSerializer
    )
    def put(self, request: Request, analyst_id: UUID, bench_id: UUID) -> Response:
        """Change a session; with `If-Match` only in the version named there."""
        analyst = analyst_with(analyst_id)
        session = session_of(analyst, bench_id)
        sent = changes_in(request)
        try:
            changes = change_session(
                session_id=session.id,
                author=analyst,
                versions=versions_in(request),
                questions=sent.questions,
                response=sent.response,
                replaced_characters=sent.replaced_characters,
                annotations=sent.annotations,
            )
        except ChangedMeanwhile:
            session = session_of(analyst, bench_id)
            raise ChangedMeanwhile(session.version, full_session(session, analyst)) from None
        session = session_of(analyst, bench_id)
        return shown(session, analyst, warnings=warnings_of(sent), changes=changes._asdict())

    @extend_schema(operation_id="delete_bench_session", responses={204: None})
    def delete(self, request: Request, analyst_id: UUID, bench_id: UUID) -> Response:
        """Delete a session; on the pages it can be brought back for a while."""
        delete_session(session_id=session_of(analyst_with(analyst_id), bench_id).id)
        return Response(status=204)


def settings_body(analyst: Analyst) -> dict[str, Any]:
    return {
        "user_id": analyst.id,
        "settings": environments.settings_for(analyst),
        "updated_at": environments.last_changed(analyst),
    }


def session_of(analyst: Analyst, bench_id: UUID) -> BenchSession:
    """Return a session of an analyst; raise `SessionNotFound` for one of anybody else."""
    session = find(sessions(), id=bench_id, owner=analyst)
    if session is None:
        raise SessionNotFound()
    return session


def shown(session: BenchSession, analyst: Analyst, *, status: int = 200, **beside: Any) -> Response:
    body = {**full_session(session, analyst), **beside}
    return Response(body, status=status, headers={"ETag": f'"{session.version}"'})
