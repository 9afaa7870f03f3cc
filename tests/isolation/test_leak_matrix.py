"""No path of the ORM shows or changes another team's rows, and none works without a scope."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from agents.models import Agent
from tenants.exceptions import NoTeamInScope
from tenants.managers import InScope
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.isolation.conftest import World
from tests.isolation.reads import ALL_READS, ASYNC_READS, AsyncRead


def awaited(read: AsyncRead) -> Callable[[], Any]:
    """Return a sync way to look: the ORM's own threads then share this test's connection."""

    async def look() -> Any:
        return await read.look()

    return async_to_sync(look)


LOOKS = {
    **{name: (read.look, read.ours, read.wide) for name, read in ALL_READS.items()},
    **{name: (awaited(read), read.ours, read.wide) for name, read in ASYNC_READS.items()},
}
every_look = pytest.mark.parametrize("name", LOOKS)


@contextmanager
def wide() -> Iterator[None]:
    with unsafe_all_tenants(reason="leak matrix"):
        yield


@every_look
def test_a_read_sees_the_team_in_scope(world: World, name: str) -> None:
    look, ours, _ = LOOKS[name]
    with tenant_scope(world.ours.team.id):
        assert look() == ours


@every_look
def test_a_read_in_the_wide_scope_sees_all(world: World, name: str) -> None:
    look, _, everything = LOOKS[name]
    with wide():
        assert look() == everything


@every_look
def test_a_read_without_a_scope_raises(world: World, name: str) -> None:
    look, _, _ = LOOKS[name]
    with pytest.raises(NoTeamInScope):
        look()


@every_look
def test_the_matrix_bites(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the manager's condition switched off every path must leak, else its row in the table proves nothing."""
    monkeypatch.setattr(InScope, "as_sql", lambda *args, **kwargs: ("1 = 1", ()))
    look, ours, everything = LOOKS[name]
    with tenant_scope(world.ours.team.id):
        seen: Any = look()
    assert seen == everything
    assert seen != ours


def test_explain_needs_a_scope(world: World) -> None:
    with pytest.raises(NoTeamInScope):
        Agent.objects.explain()
    with tenant_scope(world.ours.team.id):
        assert "agents_agent" in Agent.objects.explain()
