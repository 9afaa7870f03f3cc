"""What every group of calls about agents shares."""

from django.db.models import QuerySet
from rest_framework.response import Response

from accounts.models import Scope, User
from agents import queries
from agents.api.serializers import AgentSerializer
from agents.models import Agent
from tenants.api.viewsets import TenantViewSet


class AgentViews(TenantViewSet[Agent]):
    """Find an agent that the caller may know of, and show it; one group of calls is one subclass."""

    serializer_class = AgentSerializer
    read_scope, write_scope = Scope.AGENTS_READ, Scope.AGENTS_WRITE

    def base_queryset(self) -> QuerySet[Agent]:
        return queries.with_version(queries.agents_of(self._user, include_inactive=True))

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def _shown(self, agent: Agent, *, status: int = 200) -> Response:
        return Response(self.get_serializer(agent).data, status=status)
