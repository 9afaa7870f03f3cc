"""How the pages of people show what was refused."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tenants.exceptions import ParleyError


def form_page(
    request: HttpRequest, template: str, context: dict[str, Any], error: ParleyError | None = None
) -> HttpResponse:
    """Show a form, for the first time or with why it was refused."""
    if error is None:
        return render(request, template, context)
    context["form"].add_error(None, error.sentence)
    response = render(request, template, context)
    error.mark(response)
    return response


def refused_page(request: HttpRequest, error: ParleyError) -> HttpResponse:
    """Say why a link leads nowhere."""
    return render(request, "accounts/refused.html", {"error": error}, status=error.status)
