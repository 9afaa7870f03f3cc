"""What all calls of our own about the bench share."""

from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.models import Scope, User
from benchsessions.languages import speaking_to
from benchsessions.models import Analyst
from benchsessions.queries import analyst_of
from benchsessions.readers import HEADER, check_reader
from tenants.api.viewsets import TenantViewSet

M = TypeVar("M", bound=Model)


@extend_schema(tags=["bench"])
class BenchViewSet(TenantViewSet[M]):
    """Serve people and their keys with the scope `bench`, in their language."""

    read_scope = write_scope = Scope.BENCH
    metadata_class = None  # what there is says the description; the framework's own looks for a `pk` in each address

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        principal = request.principal  # type: ignore[attr-defined]
        with speaking_to(request, principal.user if principal else None):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        assert isinstance(request.user, User)
        check_reader(request.user, request.headers.get(HEADER))

    @property
    def analyst(self) -> Analyst:
        """Who asks is at the bench."""
        assert isinstance(self.request.user, User)
        return analyst_of(self.request.user)
