"""The pages on which team admins manage agents."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import team_admin_required
from accounts.principal import PrincipalRequest
from agents import actions, breaker, health, queries
from agents.exceptions import ChangedMeanwhile
from agents.failures import last_failures
from agents.forms.agents import ActiveForm, AgentForm, NewAgentForm, PictureForm
from agents.models import Agent, Audience
from agents.outbound import obstacle_at
from tenants.exceptions import Invalid, ParleyError, TooLarge

PAGE = ["GET", "HEAD", "POST"]


@require_safe
@team_admin_required
def agent_list(request: PrincipalRequest) -> HttpResponse:
    """List the team's agents, also those nobody can talk to."""
    found = queries.with_version(queries.agents_of(request.user, include_inactive=True))
    agents = found.defer("version__settings", "system_prompt", "config")
    rows = [
        {"agent": agent, "paused": breaker.obstacle_of(agent), "obstacle": obstacle_at(agent.webhook_url)}
        for agent in agents
    ]
    return render(request, "agents/list.html", {"rows": rows})


@require_safe
@team_admin_required
def agent_detail(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Show what an agent is and how it does."""
    agent = queries.known_agent(request.user, agent_id)
    context = {
        "agent": agent,
        "health": health.of_agent(agent),
        "failures": last_failures(agent),
        "people": queries.members_of(agent).count(),
        "obstacle": obstacle_at(agent.webhook_url),
    }
    return render(request, "agents/detail.html", context)


@require_http_methods(PAGE)
@team_admin_required
def new_agent(request: PrincipalRequest) -> HttpResponse:
    """Add an agent; one for chosen people leads on to choosing them."""
    form = NewAgentForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, form)
    if form.is_repeat():
        messages.info(request, "This agent was added already.")
        return see("agents")
    try:
        agent = actions.create_agent(created_by=request.user, **form.settings())
    except ParleyError as error:
        return _form_page(request, form, error)
    messages.success(request, f"“{agent}” is added.")
    return see("agent-members" if agent.audience == Audience.CHOSEN else "agent", agent)


@require_http_methods(PAGE)
@team_admin_required
def edit_agent(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Change an agent, unless somebody else did so after this page was opened."""
    agent = queries.known_agent(request.user, agent_id)
    form = AgentForm(request.POST if request.method == "POST" else None, agent=agent)
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, form, agent=agent)
    try:
        now = actions.update_agent(
            agent=agent, changed_by=request.user, seen=form.cleaned_data["seen"], **form.settings()
        )
    except ChangedMeanwhile as error:
        form.show_again(queries.known_agent(request.user, agent_id))
        return _form_page(request, form, error, agent=agent)
    except ParleyError as error:
        return _form_page(request, form, error, agent=agent)
    if now.updated_at == agent.updated_at:
        messages.info(request, "Nothing was changed.")
    else:
        messages.success(request, f"“{now}” is changed.")
    return see("agent", agent)


@require_POST
@team_admin_required
def set_active(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Let people talk to an agent, or no longer."""
    agent, form = queries.known_agent(request.user, agent_id), ActiveForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say whether people can talk to the agent.")
        return see("agent", agent)
    active = form.cleaned_data["active"] == "1"
    actions.update_agent(agent=agent, changed_by=request.user, is_active=active)
    messages.success(request, f"People can talk to “{agent}”." if active else f"“{agent}” is switched off.")
    return see("agent", agent)


@require_POST
@team_admin_required
def set_picture(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Give an agent a picture, or take it away."""
    agent, form = queries.known_agent(request.user, agent_id), PictureForm(request.POST, request.FILES)
    if "remove" in request.POST:
        actions.update_agent(agent=agent, changed_by=request.user, avatar=None)
        messages.success(request, "The picture is removed.")
    elif not form.is_valid():
        messages.error(request, "Choose a picture that is not empty.")
    else:
        try:
            actions.set_avatar(agent=agent, image=form.cleaned_data["picture"].read())
            messages.success(request, "The picture is changed.")
        except Invalid as error:
            messages.error(request, (error.errors or {})["file"][0])
        except TooLarge as error:
            messages.error(request, error.sentence)
    return see("agent-edit", agent)


@require_http_methods(PAGE)
@team_admin_required
def delete_agent(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Ask whether an agent is to be deleted, then delete it."""
    agent = queries.known_agent(request.user, agent_id)
    if request.method != "POST":
        return render(request, "agents/delete.html", {"agent": agent})
    actions.delete_agent(agent=agent)
    messages.success(request, f"“{agent}” was deleted.")
    return see("agents")


def see(page: str, agent: Agent | None = None) -> HttpResponse:
    """Redirect with 303: whatever was posted, the next page is read."""
    return HttpResponseRedirect(reverse(page, args=[agent.pk] if agent else []), status=HTTPStatus.SEE_OTHER)


def _form_page(
    request: PrincipalRequest, form: AgentForm, error: ParleyError | None = None, *, agent: Agent | None = None
) -> HttpResponse:
    if error is not None:
        form.refuse(error)
    response = render(request, "agents/form.html", {"form": form, "agent": agent})
    if error is not None:
        error.mark(response)
    return response
