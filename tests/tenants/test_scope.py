"""A scope belongs to the code inside it, to nobody else, and never means everybody by accident."""

import asyncio
import contextvars
import logging
import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async

from tenants.exceptions import NoTeamInScope
from tenants.scope import current_scope, current_team_id, find_scope, tenant_scope, unsafe_all_tenants

A, B = uuid4(), uuid4()


def test_outside_of_any_scope_there_is_no_team() -> None:
    assert find_scope() is None
    for ask in (current_scope, current_team_id):
        with pytest.raises(NoTeamInScope):
            ask()


def test_scopes_nest_and_are_left_also_by_an_error() -> None:
    with tenant_scope(A):
        with tenant_scope(B):
            assert current_team_id() == B
        assert current_team_id() == A
        with pytest.raises(ZeroDivisionError), tenant_scope(B):
            _ = 1 / 0
        assert current_team_id() == A
    assert find_scope() is None


@pytest.mark.parametrize("nobody", [None, "", 0, False, str(A), [A]])
def test_only_the_id_of_a_team_makes_a_scope(nobody: Any) -> None:
    with pytest.raises(NoTeamInScope), tenant_scope(nobody):
        pytest.fail("entered")
    assert find_scope() is None


def test_the_wide_scope_wants_a_reason_logs_it_and_names_no_team(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NoTeamInScope), unsafe_all_tenants(reason=""):
        pytest.fail("entered")
    with caplog.at_level(logging.DEBUG, "tenants.scope"), unsafe_all_tenants(reason="sweep"):
        assert current_scope().is_wide
        with pytest.raises(NoTeamInScope, match="sweep"):
            current_team_id()
        with tenant_scope(A):
            assert not current_scope().is_wide
    assert [record.getMessage() for record in caplog.records] == ["All teams in scope: sweep"]


def test_a_thread_starts_without_a_scope() -> None:
    seen: list[object] = []
    with tenant_scope(A):
        thread = threading.Thread(target=lambda: seen.append(find_scope()))
        thread.start()
        thread.join()
    assert seen == [None]


async def test_tasks_keep_their_own_teams() -> None:
    async def look(team: UUID) -> UUID:
        with tenant_scope(team):
            await asyncio.sleep(0.001)
            assert await sync_to_async(current_team_id)() == team
            await asyncio.sleep(0.001)
            return current_team_id()

    teams = [uuid4() for _ in range(20)]
    assert await asyncio.gather(*map(look, teams)) == teams
    assert find_scope() is None


async def test_a_task_of_a_fresh_context_starts_without_a_scope() -> None:
    async def look() -> object:
        return find_scope()

    with tenant_scope(A):
        assert await asyncio.create_task(look(), context=contextvars.Context()) is None


def test_a_decorated_coroutine_runs_without_the_scope() -> None:
    """`tenant_scope` round an async function ends before the body runs; the body must then see no team at all."""

    @tenant_scope(A)
    async def look() -> object:
        return find_scope()

    assert asyncio.run(look()) is None
