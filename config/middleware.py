"""Wiring that every request passes."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_noop as _

from config.errors import error_response
from config.limits import REFUSED
from tenants.database import give_back_connections
from tenants.exceptions import ParleyError, TooLarge

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class GiveBackConnection:
    """Give the database connection back before a streamed answer begins.

    Under ASGI Django keeps a request's pooled connection until the response has ended; an answer that streams
    for minutes would hold it all that time. Outermost, so that nothing takes one again behind it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.streaming:
            give_back_connections()
        return response


class Answers:
    """Show a refusal of a plain view as the page or the body it is, and keep what is somebody's out of caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if getattr(request, "principal", None) is not None and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return error_response(request, exception) if isinstance(exception, ParleyError) else None


class LargeBodies:
    """Refuse a request whose body was too large, see `config.limits`; innermost, so that the page knows its reader."""

    sentence = _("What was sent is larger than allowed here. Go back, choose something smaller and send it again.")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if REFUSED not in getattr(request, "scope", {}):
            return self.get_response(request)
        response = error_response(request, TooLarge(self.sentence))
        response["Connection"] = "close"  # the rest of the body is still on its way
        return response
