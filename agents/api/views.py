"""The agents of a team, over HTTP."""

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope, User
from accounts.permissions import IsTeamAdmin
from agents import actions, queries
from agents.api.serializers import (
    AgentListQuerySerializer,
    AgentSerializer,
    AgentWriteSerializer,
    AvatarSerializer,
)
from agents.models import Agent
from tenants.api.viewsets import TenantViewSet


@extend_schema(tags=["agents"])
class AgentViewSet(TenantViewSet[Agent]):
    """Members read the team's agents, admins manage them."""

    serializer_class = AgentSerializer
    read_scope, write_scope = Scope.AGENTS_READ, Scope.AGENTS_WRITE
    action_permissions: ClassVar[dict[str, list[type[BasePermission]]]] = {
        "create": [IsTeamAdmin],
        "update": [IsTeamAdmin],
        "partial_update": [IsTeamAdmin],
        "destroy": [IsTeamAdmin],
        "avatar": [IsTeamAdmin],
    }

    def base_queryset(self) -> QuerySet[Agent]:
        return queries.agents_of(self._user, include_inactive=True)

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    @extend_schema(parameters=[AgentListQuerySerializer], responses=AgentSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List the agents that can be talked to, or all."""
        query = AgentListQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return Response(self.get_serializer(queries.agents_of(self._user, **query.validated_data), many=True).data)

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
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    def avatar(self, request: Request, pk: str) -> Response:
        """Give an agent a picture."""
        agent = self.get_object()
        upload = AvatarSerializer(data=request.data)
        upload.is_valid(raise_exception=True)
        return self._shown(actions.set_avatar(agent=agent, image=upload.validated_data["file"].read()))

    def _shown(self, agent: Agent, *, status: int = 200) -> Response:
        return Response(self.get_serializer(agent).data, status=status)
