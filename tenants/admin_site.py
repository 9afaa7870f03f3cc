"""The site of the Django admin: which rows exist for whom.

An operator works in the scope of all teams, a team's admin in the scope of their own; the scope, not each page,
decides which rows exist.
"""

from collections.abc import Callable
from functools import update_wrapper, wraps
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse

from tenants.models import TenantModel
from tenants.scope import current_scope, unsafe_all_tenants

View = Callable[..., HttpResponseBase]
LONGEST_QUESTION: Final = 2000


class ParleyAdminSite(admin.AdminSite):
    """The site of operators and team admins; how they sign in is wired in `config`."""

    site_title = site_header = "Parley"
    index_title = "Administration"

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """Hold a view to its caller's teams; tell members plainly that the admin is not for them."""
        inner = super().admin_view(in_scope_of_caller(view), cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            asked = [request.path, *(value for _, values in request.GET.lists() for value in values)]
            if any("\0" in value or len(value) > LONGEST_QUESTION for value in asked):
                raise SuspiciousOperation("PostgreSQL looks for no NUL, SQLite for no pattern of 50,000 characters.")
            return inner(request, *args, **kwargs)

        return update_wrapper(guarded, inner)

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return Autocomplete.as_view(admin_site=self)(request)


def in_scope_of_caller(view: View) -> View:
    """Open all teams to an operator, until the page is rendered; others stay in the scope they came in."""

    @wraps(view)
    def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_superuser:
            return view(request, *args, **kwargs)
        with unsafe_all_tenants(reason=f"admin {request.method} {request.path} by {request.user.pk}"):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
            return response

    return scoped


class Autocomplete(AutocompleteJsonView):
    """Offer rows; an operator also reads whose they are."""

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows.select_related("team") if issubclass(rows.model, TenantModel) else rows

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        result = super().serialize_result(obj, to_field_name)
        if isinstance(obj, TenantModel) and current_scope().is_wide:
            result["text"] += f" – {obj.team}"
        return result
