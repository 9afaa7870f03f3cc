"""The steps of a test: how far a call of an agent came, when, and what was seen there."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from agents.caller import Outcome
from agents.exceptions import AgentError

LONGEST_DETAIL: Final = 600


class State(StrEnum):
    OK = "ok"
    FAILED = "failed"
    NOT_REACHED = "not_reached"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """`ms` are milliseconds since the test began, None for what did not happen."""

    name: str
    state: State
    ms: int | None = None
    detail: str = ""


# Each step with the moment of `Outcome` at which it was done.
MOMENTS: Final[Mapping[str, str]] = {
    "address": "resolved",
    "connect": "connected",
    "first_byte": "first_byte",
    "format": "recognised",
    "first_text": "first_text",
    "end": "ended",
}
LABELS: Final[Mapping[str, str]] = {
    "address": "Address check",
    "connect": "Connection",
    "first_byte": "First byte of the answer",
    "format": "Format",
    "first_text": "First text",
    "end": "End of the answer",
}
OF_THE_NETWORK: Final = frozenset({"address", "connect", "first_byte", "format"})
WRONG_FORMAT: Final = frozenset({"agent_html", "agent_bad_json", "agent_unsupported_type"})
FORMATS: Final[Mapping[str, str]] = {
    "text": "plain text",
    "document": "one JSON document",
    "sse": "server-sent events",
    "generic": "events of no known family",
    "error": "an event that tells of an error",
    "html": "a web page",
}


@dataclass(frozen=True, slots=True)
class Course:
    """What became of a call: `error` is why it failed, `unfinished` why it was left while it was still running."""

    url: str
    outcome: Outcome
    began: float
    ended: float
    chars: int = 0
    error: AgentError | None = None
    unfinished: str = ""

    def steps(self) -> list[Step]:
        """Return all steps in their order: done ones, then the one that stopped the call, then those not reached."""
        steps = []
        stopped = False
        for name in MOMENTS:
            step = Step(name, State.NOT_REACHED) if stopped else self._step(name)
            stopped = stopped or step.state in (State.FAILED, State.NOT_REACHED)
            steps.append(step)
        return steps

    def _step(self, name: str) -> Step:
        if not self.url and name in OF_THE_NETWORK:
            return Step(name, State.SKIPPED, detail="The built-in demo needs no network.")
        moment = self.outcome.moments.get(MOMENTS[name])
        is_wrong = name == "format" and self.error is not None and self.error.code in WRONG_FORMAT
        if moment is not None and not is_wrong:
            return Step(name, State.OK, self._ms(moment), self._detail(name))
        if self.error is None:
            return Step(name, State.NOT_REACHED, self._ms(self.ended), self.unfinished)
        seen = [self._detail(name) if name in ("first_byte", "format") else "", self.error.diagnosis]
        return Step(name, State.FAILED, self._ms(self.ended), " – ".join(filter(None, seen))[:LONGEST_DETAIL])

    def _detail(self, name: str) -> str:
        outcome = self.outcome
        match name:
            case "address":
                return urlsplit(self.url).netloc
            case "first_byte":
                declared = [f"status {outcome.http_status}"] if outcome.http_status else []
                return ", ".join([*declared, *filter(None, [outcome.content_type[:100]])])
            case "format":
                return FORMATS.get(outcome.format, outcome.format)
            case "end":
                return f"{self.chars:,} characters"
        return ""

    def _ms(self, moment: float) -> int:
        return max(0, round((moment - self.began) * 1000))
