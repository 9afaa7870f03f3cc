"""Every model of ours is declared, scoped and walled off in the database; a new one is found here by itself."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from chats.models import Chat
from tenants.checks import own_models
from tenants.constraints import SameTeam
from tenants.exceptions import NoTeamInScope
from tenants.globals import GLOBAL_MODELS
from tenants.managers import TenantManager
from tenants.models import TenantModel
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.isolation.conftest import World

TENANT_MODELS = [model for model in own_models() if issubclass(model, TenantModel)]
RELATIONS = [
    field
    for model in TENANT_MODELS
    for field in model._meta.local_fields
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
]
every_model = pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model._meta.label)


def test_every_model_belongs_to_a_team_or_is_listed_with_a_reason() -> None:
    global_models = {model._meta.label for model in own_models()} - {model._meta.label for model in TENANT_MODELS}
    assert global_models == GLOBAL_MODELS.keys()
    assert all(len(reason) > 20 for reason in GLOBAL_MODELS.values())


@every_model
def test_every_manager_is_scoped(model: type[TenantModel]) -> None:
    managers = {*model._meta.managers, model._default_manager, model._base_manager}
    assert all(isinstance(manager, TenantManager) for manager in managers)
    for manager in managers:
        with pytest.raises(NoTeamInScope):
            str(manager.all().query)
        with tenant_scope(uuid.uuid4()):
            assert f'"{model._meta.db_table}"."team_id" =' in str(manager.all().query)


@every_model
def test_a_scope_shows_its_own_row_only(world: World, model: type[TenantModel]) -> None:
    ours, theirs = world.ours.rows[model], world.theirs.rows[model]
    with unsafe_all_tenants(reason="test"):
        assert {ours.pk, theirs.pk} <= set(model.objects.values_list("pk", flat=True))
    with tenant_scope(world.ours.team.id):
        assert set(model.objects.values_list("team_id", flat=True)) == {world.ours.team.id}
        assert model.objects.filter(pk=ours.pk).exists()
        assert not model.objects.filter(pk=theirs.pk).exists()


def _unique_keys(model: type[models.Model]) -> list[list[str]]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return [key["columns"] for key in found.values() if key["unique"] and not key["primary_key"]]


@pytest.mark.django_db
@every_model
def test_every_unique_key_of_the_table_begins_with_the_team(model: type[TenantModel]) -> None:
    keys = [key for key in _unique_keys(model) if key != ["id"]]  # SQLite calls the primary key's index unique too
    assert [key for key in keys if key[0] != "team_id"] == []


def repoint(field: Any, child: Any, parent: Any) -> None:
    """Let a row refer to another by handwritten SQL, which no manager sees."""
    ids = [field.model._meta.pk.get_db_prep_value(row.pk, connection) for row in (parent, child)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {field.model._meta.db_table} SET {field.column} = %s WHERE id = %s", ids)
        connection.check_constraints()


@pytest.mark.parametrize("field", RELATIONS, ids=str)
def test_the_database_refuses_a_parent_of_another_team(world: World, field: Any) -> None:
    walls = [wall for wall in field.model._meta.constraints if isinstance(wall, SameTeam)]
    assert field.name in [wall.field for wall in walls]
    child = world.ours.rows[field.model]
    with pytest.raises(IntegrityError):
        repoint(field, child, world.theirs.rows[field.related_model])
    repoint(field, child, world.ours.rows[field.related_model])


def commit_a_foreign_parent(world: World) -> None:
    ids = [Chat._meta.pk.get_db_prep_value(pk, connection) for pk in (world.theirs.agent.pk, world.ours.chat.pk)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chats_chat SET agent_id = %s WHERE id = %s", ids)


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_it_at_commit_without_being_asked(world: World) -> None:
    with pytest.raises(IntegrityError):
        commit_a_foreign_parent(world)
    with tenant_scope(world.ours.team.id):
        assert Chat.objects.get().agent == world.ours.agent


@pytest.mark.django_db(transaction=True)
def test_the_wall_outlives_a_change_of_its_table(world: World) -> None:
    """SQLite rebuilds a table to change it; the composite key must be part of the rebuilt one."""
    title = Chat._meta.get_field("title")
    longer = models.CharField(max_length=300, blank=True)
    longer.set_attributes_from_name("title")
    longer.model = Chat
    with connection.schema_editor() as editor:
        editor.alter_field(Chat, title, longer, strict=True)
    try:
        with pytest.raises(IntegrityError):
            commit_a_foreign_parent(world)
    finally:
        with connection.schema_editor() as editor:
            editor.alter_field(Chat, longer, title, strict=True)
