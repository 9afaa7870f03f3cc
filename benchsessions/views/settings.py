"""The page on which people say how they ask each environment."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.principal import PrincipalRequest
from benchsessions.checking import check_token
from benchsessions.environments import ShownSettings, shown_settings, write_settings
from benchsessions.exceptions import EnvironmentNotFound
from benchsessions.forms.settings import SettingsForm
from benchsessions.models import Environment, Target
from benchsessions.queries import analyst_of
from benchsessions.views.pages import bench_page
from tenants.exceptions import Invalid


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def settings_page(request: PrincipalRequest) -> HttpResponse:
    """Show one's own settings of the three environments; a sent form writes those of one."""
    analyst = analyst_of(request.user)
    shown = shown_settings(analyst)
    if request.method != "POST":
        return _page(request, shown)
    environment = _environment(request)
    form = SettingsForm(request.POST, environment=environment, values=shown[environment].values)
    if not form.is_valid():
        return _page(request, shown, wrong=form)
    try:
        write_settings(analyst=analyst, settings={environment: form.settings()})
    except Invalid as error:
        form.refuse(error)
        response = _page(request, shown, wrong=form)
        error.mark(response)
        return response
    words = _("The settings of %(name)s are saved.") % {"name": Environment(environment).label}
    messages.success(request, words, extra_tags=environment)
    return _back_to(environment)


@require_POST
@bench_page
def check(request: PrincipalRequest) -> HttpResponse:
    """Ask an environment one short question with one's own token, and say what came of it."""
    environment = _environment(request)
    found = check_token(by=analyst_of(request.user), environment=environment)
    words = f"{Environment(environment).label}: {found.sentence}"
    (messages.success if found.is_good else messages.error)(request, words, extra_tags=environment)
    return _back_to(environment)


def _page(
    request: PrincipalRequest, shown: dict[str, ShownSettings], *, wrong: SettingsForm | None = None
) -> HttpResponse:
    targets = {target.environment: target for target in Target.objects.select_related("agent").defer("agent__avatar")}
    rows: list[dict[str, Any]] = [
        {
            "environment": Environment(environment),
            "form": wrong
            if wrong is not None and wrong.prefix == environment
            else SettingsForm(None, environment=environment, values=own.values),
            "token": own.masked_token,
            "target": targets.get(environment),
        }
        for environment, own in shown.items()
    ]
    return render(request, "bench/settings.html", {"rows": rows, "wrong": wrong})


def _environment(request: PrincipalRequest) -> str:
    environment = request.POST.get("environment", "")
    if environment not in Environment.values:
        raise EnvironmentNotFound()
    return environment


def _back_to(environment: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('bench-settings')}#{environment}", status=HTTPStatus.SEE_OTHER)
