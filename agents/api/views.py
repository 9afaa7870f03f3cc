"""The agents of a team, over HTTP."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsTeamAdmin
from agents import actions, queries
from agents.api.diagnosis import Diagnosis
from agents.api.members import Members
from agents.api.portability import Portability
from agents.api.serializers import (
    AgentListQuerySerializer,
    AgentSerializer,
    AgentWriteSerializer,
    AvatarSerializer,
)
from agents.api.versions import Versions


@extend_schema(tags=["agents"])
class AgentViewSet(Diagnosis, Members, Portability, Versions):
    """Members read the team's agents, admins manage them."""

    action_permissions: ClassVar[dict[str, list[type[BasePermission]]]] = {
        "create": [IsTeamAdmin],
        "update": [IsTeamAdmin],
        "partial_update": [IsTeamAdmin],
        "destroy": [IsTeamAdmin],
    }

    @extend_schema(parameters=[AgentListQuerySerializer], responses=AgentSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List the agents that can be talked to, or all."""
        query = AgentListQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        found = queries.with_version(queries.agents_of(self._user, **query.validated_data))
        return Response(self.get_serializer(found, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one agent."""
        return self._shown(self.get_object())

    @extend_schema(request=AgentWriteSerializer, responses={201: AgentSerializer})
    def create(self, request: Request) -> Response:
        """Add an agent."""
        fields = AgentWriteSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        return self._shown(actions.create_agent(created_by=self._user, **fields.validated_data), status=201)

    @extend_schema(request=AgentWriteSerializer(partial=True))
    def update(self, request: Request, pk: str) -> Response:
        """Change the given fields of an agent; the others stay."""
        agent = self.get_object()
        changes = AgentWriteSerializer(data=request.data, partial=True)
        changes.is_valid(raise_exception=True)
        return self._shown(actions.update_agent(agent=agent, changed_by=self._user, **changes.validated_data))

    partial_update = update

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete an agent; its chats stay readable."""
        actions.delete_agent(agent=self.get_object())
        return Response(status=204)

    @extend_schema(request={"multipart/form-data": AvatarSerializer})
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser], permission_classes=[IsTeamAdmin])
    def avatar(self, request: Request, pk: str) -> Response:
        """Give an agent a picture."""
        agent = self.get_object()
        upload = AvatarSerializer(data=request.data)
        upload.is_valid(raise_exception=True)
        return self._shown(actions.set_avatar(agent=agent, image=upload.validated_data["file"].read()))
