"""The pages on which a team admin tests an agent."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import team_admin_required
from accounts.principal import PrincipalRequest
from accounts.views.refusals import form_page
from agents import diagnosis, queries
from agents.failures import last_failures
from agents.forms.diagnosis import TestForm
from agents.models import Agent
from tenants.exceptions import NotFound, TooManyRequests

QUESTION = "agent_test_question"  # in the session: the last one, to be asked again


@require_http_methods(["GET", "HEAD", "POST"])
@team_admin_required
def test_agent(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Ask what to test an agent with; a sent form begins the test and leads to its report."""
    agent = queries.known_agent(request.user, agent_id)
    form = TestForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return form_page(request, "agents/test.html", _context(agent, form))
    try:
        run = diagnosis.begin(agent, by=request.user, question=form.cleaned_data["question"])
    except TooManyRequests as refusal:
        return form_page(request, "agents/test.html", _context(agent, form), refusal)
    request.session[QUESTION] = request.POST.get("question", "")
    return HttpResponseRedirect(reverse("agent-test-report", args=[agent.id, run.id]), status=HTTPStatus.SEE_OTHER)


@require_safe
@team_admin_required
def report(request: PrincipalRequest, agent_id: UUID, run_id: UUID) -> HttpResponse:
    """Show what a test found, or that it is still running."""
    agent = queries.known_agent(request.user, agent_id)
    found = diagnosis.find_report(agent, run_id)
    form = TestForm(initial={"question": request.session.get(QUESTION, "")})
    if found is None:
        raise NotFound()
    return render(request, "agents/test.html", {**_context(agent, form), "report": found})


def _context(agent: Agent, form: TestForm) -> dict[str, object]:
    return {"agent": agent, "form": form, "failures": last_failures(agent)}
