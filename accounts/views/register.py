"""The page of joining a team that is open to registration."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.actions import people
from accounts.addresses import client_address
from accounts.exceptions import RegistrationClosed
from accounts.forms.join import JoinForm
from accounts.views.join import welcome
from accounts.views.refusals import form_page, refused_page
from tenants.exceptions import ParleyError
from tenants.managers import find
from tenants.models import Registration, Team


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """Let people into an open team; a closed one is told from one that does not exist by nothing."""
    team = find(Team.objects.all(), slug=slug, is_active=True)
    if team is None or team.registration is Registration.INVITE:
        return refused_page(request, RegistrationClosed())
    form = JoinForm(request.POST or None)
    context = {"form": form, "team": team}
    if request.method != "POST" or not form.is_valid():
        return form_page(request, "accounts/join.html", context)
    try:
        user = people.register(team_id=team.id, **form.cleaned_data, address=client_address(request))
    except ParleyError as error:
        return form_page(request, "accounts/join.html", context, error)
    return welcome(request, user)
