"""How the asking of a session stands, and the buttons that stop it and have it go on."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.principal import PrincipalRequest
from benchsessions.models import BenchSession, Environment
from benchsessions.queries import analyst_of, session_with
from benchsessions.running import standing, stop_run
from benchsessions.starting import Verb, run_session
from benchsessions.views.pages import PART, bench_page
from tenants.exceptions import Invalid, ParleyError

STOP = "stop"


@require_http_methods(["GET", "HEAD", "POST"])
@bench_page
def run(request: PrincipalRequest, bench_id: UUID) -> HttpResponse:
    """Show how the asking stands; a sent form stops it or has it go on, and leads back to where it was sent from."""
    session = session_with(bench_id)
    if request.method != "POST":
        page = "bench/_run.html" if PART in request.GET else "bench/run.html"
        return render(request, page, {"session": session, "standing": standing(session)})
    is_script = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    try:
        _act(request, session)
    except ParleyError as error:
        if is_script:
            return JsonResponse(error.body(), status=error.status)
        messages.error(request, error.sentence)
    if is_script:
        return JsonResponse({})
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return HttpResponseRedirect(back if is_ours else reverse("bench-run", args=[session.id]), status=303)


def _act(request: PrincipalRequest, session: BenchSession) -> None:
    wanted = request.POST.get("action", "")
    if wanted == STOP:
        stop_run(session.id)
        return
    if wanted not in Verb.values:
        raise Invalid()
    is_unwitting = session.environment == Environment.PROD and not request.POST.get("confirmed")
    if is_unwitting and standing(session).is_first:
        raise Invalid(_("Say that you mean production."))
    run_session(session=session, by=analyst_of(request.user), verb=Verb(wanted))
