"""Wiring that every request passes."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants.database import give_back_connections


class GiveBackConnection:
    """Give the database connection back before a streamed answer begins.

    Under ASGI Django keeps a request's pooled connection until the response has ended; an answer that streams
    for minutes would hold it all that time. Outermost, so that nothing takes one again behind it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.streaming:
            give_back_connections()
        return response
