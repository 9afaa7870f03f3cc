"""The versions of an agent, over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsTeamAdmin
from agents import actions
from agents.api.base import AgentViews
from agents.api.serializers import AgentSerializer, RestoreSerializer, VersionSerializer, WholeVersionSerializer
from agents.models import AgentVersion
from tenants.exceptions import NotFound
from tenants.managers import find


class Versions(AgentViews):
    """Admins look at what an agent was, and bring it back."""

    @extend_schema(responses=VersionSerializer(many=True))
    @action(detail=True, methods=["get"], permission_classes=[IsTeamAdmin])
    def versions(self, request: Request, pk: str) -> Response:
        """List the versions of an agent, the newest first."""
        found = AgentVersion.objects.filter(agent=self.get_object()).defer("settings")
        return Response(VersionSerializer(found, many=True).data)

    @extend_schema(responses=WholeVersionSerializer)
    @action(detail=True, methods=["get"], url_path="versions/<number:number>", permission_classes=[IsTeamAdmin])
    def version(self, request: Request, pk: str, number: int) -> Response:
        """Show what an agent was in one version; its secret is no part of it."""
        found = find(AgentVersion.objects.filter(agent=self.get_object()), number=number)
        if found is None:
            raise NotFound()
        return Response(WholeVersionSerializer(found).data)

    @extend_schema(request=RestoreSerializer, responses=AgentSerializer)
    @action(detail=True, methods=["post"], permission_classes=[IsTeamAdmin])
    def restore(self, request: Request, pk: str) -> Response:
        """Make an agent what it was in an earlier version; its secret and its people stay."""
        agent = self.get_object()
        asked = RestoreSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        number = asked.validated_data["version"]
        return self._shown(actions.restore_version(agent=agent, number=number, changed_by=self._user))
