"""No write reaches another team's rows, on any path; afterwards their table is what it was."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.forms.models import model_to_dict

from agents.models import Agent
from chats.models import Chat
from tenants.exceptions import NoTeamInScope, WrongTeam
from tenants.scope import tenant_scope, unsafe_all_tenants
from tenants.writing import update_rows
from tests.isolation.conftest import World

NOTHING = None


def snapshot(team_id: Any) -> list[dict[str, Any]]:
    with unsafe_all_tenants(reason="compare"):
        rows = [*Agent.objects.filter(team_id=team_id), *Chat.objects.filter(team_id=team_id)]
        return [{**model_to_dict(row), "id": row.id, "team": row.team_id} for row in rows]


def pretend_stored(agent: Agent) -> Agent:
    agent._state.adding = False
    return agent


def changed(row: Any, /, **values: Any) -> Any:
    for name, value in values.items():
        setattr(row, name, value)
    return row


Write = Callable[[World], Any]
WRITES: dict[str, tuple[Write, type[Exception] | int]] = {
    "update": (lambda w: Agent.objects.filter(id=w.theirs.agent.id).update(name="x"), 0),
    "base manager update": (lambda w: Agent._base_manager.filter(id=w.theirs.agent.id).update(name="x"), 0),
    "delete": (lambda w: Agent.objects.filter(id=w.theirs.agent.id).delete()[0], 0),
    "bulk_update": (lambda w: Agent.objects.bulk_update([changed(w.theirs.agent, name="x")], ["name"]), 0),
    "update_rows": (lambda w: update_rows([changed(w.theirs.agent, name="x")], ["name"]), NOTHING),
    "give rows away": (
        lambda w: update_rows([changed(w.ours.agent, team_id=w.theirs.team.id)], ["team"]),
        WrongTeam,
    ),
    "delete by a made-up row": (lambda w: Agent(pk=w.theirs.agent.pk).delete()[0], 0),
    "save": (lambda w: changed(w.theirs.agent, name="x").save(), WrongTeam),
    "save one field": (lambda w: changed(w.theirs.agent, name="x").save(update_fields=["name"]), WrongTeam),
    "delete the row": (lambda w: w.theirs.agent.delete(), WrongTeam),
    "move the row to us": (lambda w: changed(w.theirs.agent, team_id=w.ours.team.id).save(), WrongTeam),
    "give our row away": (lambda w: changed(w.ours.agent, team_id=w.theirs.team.id).save(), WrongTeam),
    "update the team": (lambda w: Agent.objects.update(team=w.theirs.team), WrongTeam),
    "update the team's id": (lambda w: Agent.objects.update(team_id=w.theirs.team.id), WrongTeam),
    "create": (lambda w: Agent.objects.create(team=w.theirs.team, name="x"), WrongTeam),
    "bulk_create": (lambda w: Agent.objects.bulk_create([Agent(team=w.theirs.team, name="x")]), WrongTeam),
    "upsert": (
        lambda w: Agent.objects.bulk_create(
            [Agent(id=w.theirs.agent.id, name="x")],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["name"],
        ),
        WrongTeam,
    ),
    "upsert by position": (
        lambda w: Agent.objects.bulk_create(
            [Agent(id=w.theirs.agent.id, name="x")], None, False, True, ["name"], ["id"]
        ),
        WrongTeam,
    ),
    "raw": (lambda w: list(Agent.objects.raw("SELECT * FROM agents_agent")), WrongTeam),
    "insert over it": (lambda w: Agent(pk=w.theirs.agent.pk, name="x").save(), IntegrityError),
    "update over it": (lambda w: Agent(pk=w.theirs.agent.pk, name="x").save(force_update=True), DatabaseError),
    "pretend it is ours": (
        lambda w: pretend_stored(Agent(pk=w.theirs.agent.pk, name="x")).save(update_fields=["name"]),
        DatabaseError,
    ),
    "update_or_create": (
        lambda w: Agent.objects.update_or_create(id=w.theirs.agent.id, defaults={"name": "x"}),
        IntegrityError,
    ),
    "get_or_create": (lambda w: Agent.objects.get_or_create(id=w.theirs.agent.id), IntegrityError),
    "refresh": (lambda w: w.theirs.agent.refresh_from_db(), Agent.DoesNotExist),
    "point our row at theirs": (lambda w: Chat.objects.update(agent=w.theirs.agent), IntegrityError),
    "save our row pointing at theirs": (lambda w: changed(w.ours.chat, agent=w.theirs.agent).save(), IntegrityError),
    "create under their parent": (lambda w: w.theirs.user.chats.create(title="x"), IntegrityError),
    "adopt their child": (lambda w: w.ours.agent.chats.add(w.theirs.chat), NOTHING),
    "set their children": (lambda w: w.theirs.agent.chats.set([]), NOTHING),
    "clear their children": (lambda w: w.theirs.agent.chats.clear(), NOTHING),
    "asave": (lambda w: async_to_sync(changed(w.theirs.agent, name="x").asave)(), WrongTeam),
    "adelete": (lambda w: async_to_sync(w.theirs.agent.adelete)(), WrongTeam),
    "aupdate": (lambda w: async_to_sync(Agent.objects.filter(id=w.theirs.agent.id).aupdate)(name="x"), 0),
    "abulk_create": (
        lambda w: async_to_sync(Agent.objects.all().abulk_create)([Agent(team=w.theirs.team, name="x")]),
        WrongTeam,
    ),
}  # fmt: skip


def attempt(write: Write, world: World) -> Any:
    with transaction.atomic():
        result = write(world)
        connection.check_constraints()  # the foreign keys are deferred; look at them now
        return result


@pytest.mark.parametrize("name", WRITES)
def test_a_write_does_not_reach_another_team(world: World, name: str) -> None:
    write, outcome = WRITES[name]
    before = snapshot(world.theirs.team.id), snapshot(world.ours.team.id)
    with tenant_scope(world.ours.team.id):
        if isinstance(outcome, type):
            with pytest.raises(outcome):
                attempt(write, world)
        else:
            assert attempt(write, world) == outcome
    assert (snapshot(world.theirs.team.id), snapshot(world.ours.team.id)) == before


@pytest.mark.parametrize("name", sorted(WRITES.keys() - {"update the team", "update the team's id", "raw"}))
def test_a_write_needs_a_scope(world: World, name: str) -> None:
    before = snapshot(world.theirs.team.id), snapshot(world.ours.team.id)
    with pytest.raises((NoTeamInScope, WrongTeam)):
        attempt(WRITES[name][0], world)
    assert (snapshot(world.theirs.team.id), snapshot(world.ours.team.id)) == before


def test_a_write_of_our_own_works(world: World) -> None:
    with tenant_scope(world.ours.team.id):
        attempt(lambda w: changed(w.ours.agent, name="renamed").save(), world)
        assert Agent.objects.filter(name="renamed").update(name="again") == 1
        assert Agent.objects.filter(name="again").delete()[1]["agents.Agent"] == 1


@pytest.mark.parametrize("read", [lambda: Agent.objects.only("name"), lambda: Agent.objects.defer("team")])
def test_a_row_read_without_its_team_cannot_be_moved_in_the_wide_scope(world: World, read: Any) -> None:
    before = snapshot(world.ours.team.id)
    with unsafe_all_tenants(reason="test"):
        agent = read().get(id=world.ours.agent.id)
        agent.team_id = world.theirs.team.id
        with pytest.raises(DatabaseError), transaction.atomic():
            agent.save()
    assert snapshot(world.ours.team.id) == before


def test_a_row_of_a_bulk_insert_cannot_be_moved_in_the_wide_scope(world: World) -> None:
    with unsafe_all_tenants(reason="test"):
        [agent] = Agent.objects.bulk_create([Agent(team=world.ours.team, name="new")])
        agent.team_id = world.theirs.team.id
        with pytest.raises(DatabaseError), transaction.atomic():
            agent.save()
        assert Agent.objects.get(id=agent.id).team_id == world.ours.team.id
