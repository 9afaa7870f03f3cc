"""The base of every viewset: it declares, the base does."""

from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import viewsets
from rest_framework.permissions import BasePermission

M = TypeVar("M", bound=Model)


class TenantViewSet(viewsets.GenericViewSet[M], Generic[M]):
    """Serve rows of the team in scope.

    A subclass gives `base_queryset()` and, per action, who may (`action_permissions`, else the default). The rows
    come from the scoped manager, so an id of another team is an id that does not exist.
    """

    lookup_value_converter = "uuid"
    action_permissions: ClassVar[dict[str, list[type[BasePermission]]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "get_queryset" in cls.__dict__:
            raise TypeError(f"{cls.__name__} must give base_queryset(), not get_queryset().")

    def base_queryset(self) -> QuerySet[M]:
        """Return the rows this caller may reach."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[M]:
        return self.base_queryset()

    def get_permissions(self) -> list[Any]:
        declared = self.action_permissions.get(self.action or "", self.permission_classes)
        return [permission() for permission in declared]
