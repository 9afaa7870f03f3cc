"""The last failures of an agent, for its owners only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from agents.advice import Seen, advise
from agents.exceptions import SENTENCES
from agents.models import Agent, Run, RunStatus
from agents.relay.ledger import INTERRUPTED

SHOWN: Final = 20
DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that failed: what people were told, what was seen, and what to change.

    `code` may say more than people were told. `advice` is empty where there is nothing to change.
    """

    run_id: UUID
    when: datetime
    purpose: str
    code: str
    sentence: str
    advice: str
    diagnosis: str
    http_status: int | None
    format: str
    version: int | None

    @classmethod
    def of(cls, run: Run, agent: Agent) -> "Failure":
        seen = Seen.of(run, agent)
        return cls(
            run_id=run.id,
            when=run.started_at,
            purpose=run.purpose,
            code=seen.code.upper() if seen else run.error_code,
            sentence=SENTENCES[seen.code] if seen else INTERRUPTED.sentence,
            advice=advise(seen) if seen else "",
            diagnosis=seen.diagnosis if seen else "",
            http_status=run.http_status,
            format=run.wire_format,
            version=run.version.number if run.version else None,
        )


def last_failures(agent: Agent) -> Sequence[Failure]:
    """Return the last `SHOWN` failures of the last `DAYS` days, the latest first; one query."""
    ended_badly = Run.objects.filter(agent=agent, status__in=[RunStatus.FAILED, RunStatus.INTERRUPTED])
    lately = ended_badly.filter(started_at__gte=timezone.now() - timedelta(days=DAYS))
    told = lately.select_related("version").defer("version__settings").order_by("-started_at")
    return [Failure.of(run, agent) for run in told[:SHOWN]]
