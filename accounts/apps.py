from contextlib import suppress
from typing import Any

from django.apps import AppConfig
from django.apps import apps as present_apps
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        post_migrate.connect(add_tiers, sender=self)


def add_tiers(*, apps: Apps = present_apps, **kwargs: Any) -> None:
    """Give an installation its first tiers, also after its tables were emptied; before 0002 there are none."""
    from accounts.models.tiers import begin_with_tiers  # noqa: PLC0415 - models are loaded after apps

    with suppress(LookupError):
        begin_with_tiers(apps.get_model("accounts", "Tier"))
