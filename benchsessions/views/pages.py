"""What all pages of the bench have in common."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.decorators import member_required
from accounts.principal import PrincipalRequest
from accounts.refusals import refusal_page
from benchsessions.languages import PREFERENCE, speaking_to
from benchsessions.readers import FIELD, HEADER, check_reader
from tenants.exceptions import ParleyError

P = ParamSpec("P")
# In an address: what keeps itself fresh asks for its own part of the page, without what else the page would say.
PART: Final = "part"


def bench_page(
    view: Callable[Concatenate[PrincipalRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Show a page of the bench to members of the team, in their language; so are refusals."""

    @wraps(view)
    def spoken(request: PrincipalRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        with speaking_to(request, request.user):
            try:
                check_reader(request.user, request.POST.get(FIELD, request.headers.get(HEADER)))
                return view(request, *args, **kwargs)
            except ParleyError as error:
                return refusal_page(request, error)

    return member_required(spoken)


@require_POST
@bench_page
def choose_language(request: PrincipalRequest) -> HttpResponseBase:
    """Remember in which language somebody wants the bench, and lead back to the page they came from."""
    user = request.user
    chosen = request.POST.get("language")
    if chosen in dict(settings.LANGUAGES):
        user.preferences = {**user.preferences, PREFERENCE: chosen}
        user.save(update_fields=["preferences"])
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "bench-sessions")
