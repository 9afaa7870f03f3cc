"""Who is "we" right now: the team that every query and every write is held to.

The scope lives in a context variable, so each request, task and socket has its own. Without one, queries raise.
Never `yield` inside a scope: it would leak to the caller.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from tenants.exceptions import NoTeamInScope

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scope:
    """One team, or every team for a stated reason."""

    team_id: UUID | None
    reason: str = ""

    @property
    def is_wide(self) -> bool:
        """Tell whether every team is in scope."""
        return self.team_id is None


_scope: ContextVar[Scope | None] = ContextVar("parley_scope", default=None)


def find_scope() -> Scope | None:
    """Return the scope, or None outside of any."""
    return _scope.get()


def current_scope() -> Scope:
    """Return the scope; raise `NoTeamInScope` outside of any."""
    scope = _scope.get()
    if scope is None:
        raise NoTeamInScope("No team in scope: enter tenant_scope(team) first.")
    return scope


def current_team_id() -> UUID:
    """Return the team's id; raise `NoTeamInScope` outside of any and in the scope of all teams."""
    scope = current_scope()
    if scope.team_id is None:
        raise NoTeamInScope(f"Every team is in scope ({scope.reason}), but one is needed.")
    return scope.team_id


@contextmanager
def tenant_scope(team_id: UUID) -> Iterator[None]:
    """Hold everything inside to one team."""
    if not isinstance(team_id, UUID):
        raise NoTeamInScope(f"A scope needs the id of a team, not {team_id!r}.")
    with _entered(Scope(team_id)):
        yield


@contextmanager
def unsafe_all_tenants(*, reason: str) -> Iterator[None]:
    """Open every team's rows: the only wide door. The reason is logged."""
    if not reason:
        raise NoTeamInScope("Opening every team's rows needs a reason.")
    logger.debug("All teams in scope: %s", reason)
    with _entered(Scope(None, reason)):
        yield


@contextmanager
def _entered(scope: Scope) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)
