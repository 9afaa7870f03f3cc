"""What a run tells those who keep its text; sent inside the transaction that books it, in the team's scope."""

from dataclasses import dataclass
from uuid import UUID

from django.dispatch import Signal

from agents.models import RunStatus


@dataclass(frozen=True, slots=True)
class RunSaved:
    """A run's text was saved, at the end or on the way; `text` is None when only the status is known (a crash).

    `revision` says how often the text was replaced as a whole.
    """

    run_id: UUID
    team_id: UUID
    text: str | None
    revision: int
    status: RunStatus
    error_code: str = ""


run_saved = Signal()
