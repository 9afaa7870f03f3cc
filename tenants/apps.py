from django.apps import AppConfig
from django.urls import register_converter

from tenants.numbers import NumberConverter


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Teams"

    def ready(self) -> None:
        from tenants import checks  # noqa: F401, PLC0415 - registers the system checks

        register_converter(NumberConverter, "number")
