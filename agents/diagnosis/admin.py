"""“Test this agent” in the administration, for team admins and operators."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from agents import diagnosis, health
from agents.failures import last_failures
from agents.models import Agent
from tenants.admin import TenantAdmin
from tenants.exceptions import NotFound, TooManyRequests
from tenants.managers import find


class TestedAdmin(TenantAdmin):
    """The page of a model of agents, with the test behind a button of its own and the report behind that."""

    change_form_template = "admin/agent.html"

    def get_urls(self) -> list[Any]:
        guard = self.admin_site.admin_view
        tests = [
            path("<uuid:agent_id>/test/", guard(self.test_view), name="agents_agent_test"),
            path("<uuid:agent_id>/tests/<uuid:run_id>/", guard(self.report_view), name="agents_agent_report"),
        ]
        return [*tests, *super().get_urls()]

    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest, agent_id: UUID) -> HttpResponse:
        """Begin a test and lead to its report."""
        agent = self._agent(request, agent_id)
        assert isinstance(request.user, User)
        try:
            run = diagnosis.begin(agent, by=request.user)
        except TooManyRequests as refusal:
            messages.error(request, refusal.sentence)
            return HttpResponseRedirect(reverse("admin:agents_agent_change", args=[agent.pk]))
        address = reverse("admin:agents_agent_report", args=[agent.pk, run.pk])
        return HttpResponseRedirect(address, status=HTTPStatus.SEE_OTHER)

    @method_decorator(require_safe)
    def report_view(self, request: HttpRequest, agent_id: UUID, run_id: UUID) -> HttpResponse:
        """Show what a test found, how the agent does and what failed before."""
        agent = self._agent(request, agent_id)
        report = diagnosis.find_report(agent, run_id)
        if report is None:
            raise NotFound()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Test of {agent}",
            "opts": self.opts,
            "agent": agent,
            "report": report,
            "failures": last_failures(agent),
            "health": health.of_agent(agent),
        }
        return TemplateResponse(request, "admin/agent_report.html", context)

    def _agent(self, request: HttpRequest, agent_id: UUID) -> Agent:
        agent = find(Agent.objects.select_related("team"), pk=agent_id)
        if agent is None or not self.has_change_permission(request, agent):
            raise NotFound()
        return agent
