from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        post_migrate.connect(add_tiers, sender=self)


def add_tiers(**kwargs: Any) -> None:
    """Give an installation its first tiers, also after its tables were emptied."""
    from accounts.models.tiers import begin_with_tiers  # noqa: PLC0415 - models are loaded after apps

    begin_with_tiers()
