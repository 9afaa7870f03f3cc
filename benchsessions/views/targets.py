"""The pages on which team admins say where the environments are."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import team_admin_required
from accounts.principal import PrincipalRequest
from agents.outbound import obstacle_at
from benchsessions import targets
from benchsessions.exceptions import EnvironmentNotFound
from benchsessions.forms.targets import TargetForm
from benchsessions.models import Environment, Target
from benchsessions.views.pages import bench_page
from tenants.exceptions import Invalid


@require_safe
@bench_page
@team_admin_required
def target_list(request: PrincipalRequest) -> HttpResponse:
    """Show what stands behind each environment."""
    found = {target.environment: target for target in Target.objects.select_related("agent").defer("agent__avatar")}
    rows = [_row(Environment(environment), found.get(environment)) for environment in Environment.values]
    return render(request, "bench/targets.html", {"rows": rows})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
@team_admin_required
def target(request: PrincipalRequest, environment: str) -> HttpResponse:
    """Say what stands behind one environment, or that nothing does any more."""
    if environment not in Environment.values:
        raise EnvironmentNotFound()
    if "remove" in request.POST:
        targets.remove_target(environment=environment)
        messages.success(request, _("Nothing stands behind %(name)s any more.") % {"name": environment.upper()})
        return _back()
    present = targets.target_of(environment)
    form = TargetForm(request.POST if request.method == "POST" else None, target=present)
    context = {"form": form, "environment": Environment(environment), "target": present, "known": targets.PLACEHOLDERS}
    if request.method != "POST" or not form.is_valid():
        return render(request, "bench/target.html", context)
    try:
        targets.save_target(environment=environment, fields=form.target())
    except Invalid as error:
        form.refuse(error)
        response = render(request, "bench/target.html", context)
        error.mark(response)
        return response
    messages.success(request, _("%(name)s is saved.") % {"name": environment.upper()})
    return _back()


def _row(environment: Environment, present: Target | None) -> dict[str, object]:
    urls = [present.backend_url, present.bench_url] if present else []
    return {
        "environment": environment,
        "target": present,
        "headers": sorted(targets.headers_of(present)) if present else [],
        "obstacle": next((words for url in urls if url and (words := obstacle_at(url))), ""),
    }


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("bench-targets"), status=HTTPStatus.SEE_OTHER)
