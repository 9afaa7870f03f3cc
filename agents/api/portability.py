"""Taking agents elsewhere, over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsTeamAdmin
from agents import actions
from agents.api.base import AgentViews
from agents.api.serializers import AgentSerializer, ExportSerializer, ImportedAgentSerializer
from agents.portable import DocumentSerializer


class Portability(AgentViews):
    """Admins copy an agent, take it out as JSON and bring one in."""

    @extend_schema(request=None, responses={201: AgentSerializer})
    @action(detail=True, methods=["post"], permission_classes=[IsTeamAdmin])
    def duplicate(self, request: Request, pk: str) -> Response:
        """Add a copy with the same settings and secret, given to nobody and switched off."""
        return self._shown(actions.duplicate_agent(agent=self.get_object(), created_by=self._user), status=201)

    @extend_schema(responses=ExportSerializer)
    @action(detail=True, methods=["get"], permission_classes=[IsTeamAdmin])
    def export(self, request: Request, pk: str) -> Response:
        """Return the settings of an agent for another team or installation; no secret, no people."""
        return Response(actions.export_agent(agent=self.get_object()))

    @extend_schema(request=DocumentSerializer, responses={201: ImportedAgentSerializer})
    @action(detail=False, methods=["post"], url_path="import", permission_classes=[IsTeamAdmin])
    def bring_in(self, request: Request) -> Response:
        """Add an exported agent; it begins switched off if its secret is `missing`."""
        agent = actions.import_agent(document=request.data, created_by=self._user)
        return Response(ImportedAgentSerializer(agent, context=self.get_serializer_context()).data, status=201)
