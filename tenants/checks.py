"""System checks: a model that could leak does not start."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeGuard

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import models

from tenants.constraints import SameTeam
from tenants.globals import GLOBAL_MODELS
from tenants.managers import TenantManager
from tenants.models import TenantModel


def own_models() -> list[type[models.Model]]:
    """Return the models of this project's own apps."""
    return [
        model
        for config in apps.get_app_configs()
        if config.path.startswith(str(settings.BASE_DIR)) and "site-packages" not in config.path
        for model in config.get_models()
    ]


@register()
def check_tenancy(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that every model is a tenant model or listed, and that no key or relation can cross teams."""
    return [message for model in own_models() for message in check_model(model)]


def check_model(model: type[models.Model]) -> Iterator[CheckMessage]:
    """Yield what is wrong with one model."""
    if not issubclass(model, TenantModel):
        if model._meta.label not in GLOBAL_MODELS:
            yield Error("is neither a TenantModel nor listed in GLOBAL_MODELS.", obj=model, id="tenants.E001")
        for field in model._meta.get_fields():
            if field.concrete and _is_tenant_model(field.related_model):
                yield Error(f"{field.name} opens a join into every team.", obj=model, id="tenants.E008")
        return
    for manager in {*model._meta.managers, model._default_manager, model._base_manager}:
        if not isinstance(manager, TenantManager):
            yield Error(f"{manager} does not look at the team.", obj=model, id="tenants.E002")
    yield from _check_uniqueness(model)
    yield from _check_relations(model)


def _check_uniqueness(model: type[models.Model]) -> Iterator[CheckMessage]:
    for field in model._meta.local_fields:
        if field.unique and not field.primary_key:
            yield Error(f"{field.name} is unique across teams.", obj=model, id="tenants.E003")
    keys = [("unique_together", tuple(fields)) for fields in model._meta.unique_together]
    keys += [(c.name, tuple(c.fields)) for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    for name, fields in keys:
        if fields[:1] != ("team",):
            yield Error(f"{name} does not begin with the team.", obj=model, id="tenants.E004")


def _check_relations(model: type[models.Model]) -> Iterator[CheckMessage]:
    guarded = {c.field for c in model._meta.constraints if isinstance(c, SameTeam)}
    for field in model._meta.local_fields:
        parent = field.related_model
        if not _is_tenant_model(parent):
            continue
        if field.name not in guarded:
            yield Error(f"{field.name} has no SameTeam constraint.", obj=model, id="tenants.E005")
        keys = [c.fields for c in parent._meta.constraints if isinstance(c, models.UniqueConstraint)]
        if ("team", "id") not in keys:
            yield Error(f"needs a unique key (team, id) for {model.__name__}.", obj=parent, id="tenants.E006")
    if model._meta.local_many_to_many:
        yield Error("a many-to-many table has no team; write the table out.", obj=model, id="tenants.E007")


def _is_tenant_model(model: Any) -> TypeGuard[type[TenantModel]]:
    return isinstance(model, type) and issubclass(model, TenantModel)
