"""The pages on which team admins share agents, look at their versions and take them elsewhere."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.exceptions import ParseError
from rest_framework.settings import api_settings

from accounts import queries as accounts
from accounts.decorators import team_admin_required
from accounts.principal import PrincipalRequest
from agents import actions, queries, versions
from agents.forms.agents import ImportForm, MembersForm, RestoreForm
from agents.models import Audience
from agents.views.manage import PAGE, see
from tenants.api.parsers import loads
from tenants.exceptions import Invalid, ParleyError
from tenants.numbers import page_asked
from tenants.spreadsheets import as_download

VERSIONS_PER_PAGE = 10
NON_FIELD_ERRORS_KEY = api_settings.NON_FIELD_ERRORS_KEY


@require_http_methods(PAGE)
@team_admin_required
def members(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Say who may talk to an agent."""
    agent = queries.known_agent(request.user, agent_id)
    people = list(accounts.people().filter(is_active=True).only("email", "full_name", "role", "team"))
    if request.method != "POST":
        chosen = set(queries.members_of(agent).values_list("id", flat=True))
        return render(request, "agents/members.html", {"agent": agent, "people": people, "chosen": chosen})
    form = MembersForm(request.POST, people=people)
    if not form.is_valid():
        messages.error(request, "Somebody you chose is no longer here. Choose again.")
        return see("agent-members", agent)
    given = form.cleaned_data
    try:
        actions.share_agent(agent=agent, user_ids=given["people"], audience=given["audience"])
    except Invalid as error:
        messages.error(request, error.sentence)
        return see("agent-members", agent)
    others = [one for one in people if one.pk in given["people"] and not one.is_team_admin]
    messages.success(request, f"{_who_may(given['audience'], len(others))} may talk to “{agent}”.")
    return see("agent", agent)


def _who_may(audience: str, others: int) -> str:
    """Say who may, by how many people were chosen who are no admins."""
    if audience == Audience.ALL:
        return "Everybody in the team"
    chosen = f"{others} chosen {'person' if others == 1 else 'people'} and " if others else "Only "
    return f"{chosen}the team's admins"


@require_safe
@team_admin_required
def version_list(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Show the versions of an agent, each with what it changed."""
    agent = queries.known_agent(request.user, agent_id)
    page = page_asked(request, versions.versions_of(agent), VERSIONS_PER_PAGE)
    return render(
        request,
        "agents/versions.html",
        {"agent": agent, "page": page, "told": versions.told(agent, [*page.object_list])},
    )


@require_POST
@team_admin_required
def restore(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Make an agent what it was in an earlier version."""
    agent, form = queries.known_agent(request.user, agent_id), RestoreForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the versions.")
        return see("agent-versions", agent)
    number = form.cleaned_data["version"]
    try:
        agent = actions.restore_version(agent=agent, number=number, changed_by=request.user)
    except Invalid as error:
        sentences = [sentence for found in (error.errors or {}).values() for sentence in found]
        messages.error(request, " ".join(["The agent cannot be what it was in this version.", *sentences]))
        return see("agent-versions", agent)
    messages.success(request, f"“{agent}” is again what it was in version {number}. Its secret stays the present one.")
    return see("agent", agent)


@require_POST
@team_admin_required
def duplicate(request: PrincipalRequest, agent_id: UUID) -> HttpResponse:
    """Copy an agent; the copy is shown to be changed."""
    agent = queries.known_agent(request.user, agent_id)
    try:
        copy = actions.duplicate_agent(agent=agent, created_by=request.user)
    except Invalid as error:
        sentences = [sentence for found in (error.errors or {}).values() for sentence in found]
        messages.error(request, " ".join(["It cannot be copied as it is.", *sentences]))
        return see("agent", agent)
    secret = " with the same secret" if copy.sealed_webhook_token else ""
    messages.success(request, f"“{copy}” is a copy{secret}. It is switched off until you switch it on.")
    return see("agent-edit", copy)


@require_safe
@team_admin_required
def export(request: PrincipalRequest, agent_id: UUID) -> HttpResponseBase:
    """Hand out an agent as a file; its secret and its people stay here."""
    agent = queries.known_agent(request.user, agent_id)
    text = json.dumps(actions.export_agent(agent=agent), ensure_ascii=False, indent=2)
    return as_download(HttpResponse(text, content_type="application/json"), f"{agent.slug}.json")


@require_http_methods(PAGE)
@team_admin_required
def bring_in(request: PrincipalRequest) -> HttpResponse:
    """Add an exported agent."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if request.method != "POST" or not form.is_valid():
        return render(request, "agents/import.html", {"form": form})
    if form.is_repeat():
        messages.info(request, "This agent was imported already.")
        return see("agents")
    try:
        agent = actions.import_agent(document=loads(form.document(), what=form.what), created_by=request.user)
    except ParseError as error:
        return _refused(request, form, Invalid(str(error.detail)))
    except Invalid as error:
        return _refused(request, form, error)
    if agent.lacks_token:
        messages.warning(request, f"“{agent}” is here without its secret. Give it one, then switch it on.")
        return see("agent-edit", agent)
    messages.success(request, f"“{agent}” is imported.")
    return see("agent", agent)


def _refused(request: PrincipalRequest, form: ImportForm, error: ParleyError) -> HttpResponse:
    if NON_FIELD_ERRORS_KEY not in (error.errors or {}):
        form.add_error(None, error.sentence)
    for field, sentences in (error.errors or {}).items():
        named = "" if field == NON_FIELD_ERRORS_KEY else f"{field[:100]}: "
        form.add_error(None, [f"{named}{sentence}" for sentence in sentences])
    response = render(request, "agents/import.html", {"form": form})
    error.mark(response)
    return response
