"""How a refusal looks to people."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tenants.exceptions import ParleyError


def refusal_page(request: HttpRequest, error: ParleyError) -> HttpResponse:
    """Show a refusal as a page in the house's dress, in the language that is spoken at the moment."""
    response = render(request, "errors/error.html", {"error": error})
    error.mark(response)
    return response
