"""The people an agent was given to, over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsTeamAdmin
from agents import actions, queries
from agents.api.base import AgentViews
from agents.api.serializers import MembersSerializer
from agents.models import Agent


class Members(AgentViews):
    """Admins say to whom an agent is given whose audience is chosen."""

    @extend_schema(responses=MembersSerializer)
    @action(detail=True, methods=["get"], permission_classes=[IsTeamAdmin])
    def members(self, request: Request, pk: str) -> Response:
        """List the active people an agent was given to."""
        return self._members(self.get_object())

    @extend_schema(request=MembersSerializer, responses=MembersSerializer)
    @members.mapping.put
    def set_members(self, request: Request, pk: str) -> Response:
        """Give an agent to these people and to no others."""
        agent = self.get_object()
        given = MembersSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        actions.share_agent(agent=agent, user_ids=given.validated_data["members"])
        return self._members(agent)

    def _members(self, agent: Agent) -> Response:
        ids = queries.members_of(agent).values_list("id", flat=True)
        return Response(MembersSerializer({"members": ids}).data)
