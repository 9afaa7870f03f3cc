"""The tiers to begin with come with the tables, and only where there are any."""

import pytest
from django.apps import apps as present_apps
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.apps import add_tiers
from accounts.models import Tier
from accounts.models.tiers import TO_BEGIN_WITH
from tenants.scope import unsafe_all_tenants

pytestmark = pytest.mark.django_db
NAMES = {name for name, *_ in TO_BEGIN_WITH}


def empty() -> None:
    with unsafe_all_tenants(reason="nobody is in a tier here"):
        Tier.objects.all().delete()


def names() -> set[str]:
    return set(Tier.objects.values_list("name", flat=True))


def test_an_installation_taken_back_before_the_tiers_gets_none() -> None:
    empty()
    before = MigrationExecutor(connection).loader.project_state(("accounts", "0001_initial")).apps
    add_tiers(apps=before)
    assert names() == set()
    add_tiers(apps=present_apps)
    assert names() == NAMES


def test_a_migration_brings_them_back_and_so_does_a_flush() -> None:
    for finish in (lambda: call_command("migrate", verbosity=0), lambda: emit_post_migrate_signal(0, False, "default")):
        empty()
        finish()
        assert names() == NAMES


def test_what_operators_made_of_them_stays() -> None:
    empty()
    Tier.objects.create(name="gold")
    call_command("migrate", verbosity=0)
    assert names() == {"gold"}
