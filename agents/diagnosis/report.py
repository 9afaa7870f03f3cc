"""What a test of an agent found, for those who manage it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agents.advice import Seen, advise
from agents.diagnosis.steps import LABELS, State, Step
from agents.exceptions import SENTENCES
from agents.models import Agent, Run, RunPurpose, RunStatus
from tenants.managers import find

INTERRUPTED = "The test was interrupted by a restart of Parley. Run it again."


@dataclass(frozen=True, slots=True)
class Report:
    """The ledger's entry of a test; code, message and advice are empty where nothing is wrong.

    `preview` is the beginning of the answer. It is kept nowhere: who waited for the test gets it, nobody later.
    """

    run_id: UUID
    when: datetime
    is_running: bool
    ok: bool
    steps: Sequence[Step]
    format: str
    http_status: int | None
    code: str = ""
    message: str = ""
    advice: str = ""
    preview: str = ""

    @classmethod
    def of(cls, run: Run, agent: Agent, *, preview: str = "") -> "Report":
        seen = Seen.of(run, agent) if run.status == RunStatus.FAILED else None
        interrupted = run.status == RunStatus.INTERRUPTED
        return cls(
            run_id=run.id,
            when=run.started_at,
            is_running=run.status == RunStatus.RUNNING,
            ok=run.status in (RunStatus.COMPLETE, RunStatus.STOPPED),
            steps=[Step(**{**step, "state": State(step["state"])}) for step in run.steps or []],
            format=run.wire_format,
            http_status=run.http_status,
            code=seen.code.upper() if seen else run.error_code,
            message=SENTENCES[seen.code] if seen else INTERRUPTED if interrupted else "",
            advice=advise(seen) if seen else "",
            preview=preview,
        )

    @property
    def lines(self) -> Sequence[tuple[str, Step]]:
        """The steps with their names for people."""
        return [(LABELS[step.name], step) for step in self.steps]


def find_report(agent: Agent, run_id: UUID) -> Report | None:
    """Return the report of a test of this agent, None if there is none; one query."""
    run = find(Run.objects.filter(agent=agent, purpose=RunPurpose.TEST), id=run_id)
    return Report.of(run, agent) if run else None
