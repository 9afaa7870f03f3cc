"""What can go wrong while an agent is called."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from agents.pauses import seconds_left, words_left
from tenants.exceptions import Conflict, ParleyError, TooManyRequests

SENTENCES: Final[dict[str, str]] = {
    "agent_unreachable": "The agent cannot be reached.",
    "agent_blocked_address": "The agent cannot be reached.",
    "agent_auth": "The agent is not available.",
    "agent_not_registered": "The agent is not available.",
    "agent_not_found": "The agent is not available.",
    "agent_redirect": "The agent is not available.",
    "agent_html": "The agent is not available.",
    "agent_respond_immediately": "The agent is not available.",
    "agent_unsupported_type": "The agent answered in a form that cannot be shown.",
    "agent_rejected": "The agent could not read the message.",
    "agent_busy": "The agent is busy. Please try again.",
    "agent_paused": "The agent failed many times in a row and is left alone for a while. Please try again later.",
    "agent_failed": "The agent failed.",
    "agent_timeout": "The agent took too long.",
    "agent_truncated": "The answer was cut off.",
    "agent_empty": "The agent gave no answer.",
    "agent_bad_json": "The agent's answer could not be read.",
    "agent_too_large": "The answer was too long and was cut off.",
}

HIDDEN_FROM_MEMBERS: Final[dict[str, str]] = {"agent_blocked_address": "agent_unreachable"}


class AgentError(Exception):
    """Report a failed call of an agent.

    `code` is a key of `SENTENCES`. `sentence` may be shown to anybody; `diagnosis` says what was seen and what to
    change, carries words of the agent itself and is for the agent's owner only.
    """

    def __init__(self, code: str, diagnosis: str = "", *, http_status: int | None = None) -> None:
        self.code = code
        self.sentence = SENTENCES[code]
        # An agent's words may hold what a database cannot.
        self.diagnosis = diagnosis.replace("\0", " ").encode(errors="replace").decode() or self.sentence
        self.http_status = http_status
        super().__init__(f"{code}: {self.diagnosis}")

    @property
    def public_code(self) -> str:
        """Return the upper-case code for members, who must not learn which addresses exist behind the guard."""
        return HIDDEN_FROM_MEMBERS.get(self.code, self.code).upper()


class NotAdmitted(AgentError):
    """A call that waited in line, its own agent's or that of the look-ups, and never reached its agent."""


class AgentPaused(ParleyError):
    """The agent failed so many times in a row that it is left alone until then."""

    status = 503
    code = "AGENT_PAUSED"

    def __init__(self, failures: int, until: datetime) -> None:
        times = "once" if failures == 1 else f"{failures} times in a row"
        super().__init__(
            f"This agent failed {times}. Try again in {words_left(until)}.",
            headers={"Retry-After": str(seconds_left(until))},
        )


class ChangedMeanwhile(Conflict):
    """Somebody else changed the agent after the page was opened that is now sent."""

    code = "CHANGED_MEANWHILE"
    sentence = "Somebody changed this agent meanwhile."


class QuotaExceeded(TooManyRequests):
    """The person's tier allows no further call in this window ("hour" or "month").

    `until` says in words when the next one is free, `headers` are the `RateLimit-*` headers.
    """

    code = "QUOTA_EXCEEDED"

    def __init__(self, *, limit: int, window: str, until: str, headers: Mapping[str, str]) -> None:
        calls = "call of an agent" if limit == 1 else "calls of agents"
        self.window = window
        per = {"hour": "an hour", "month": "a month"}[window]
        super().__init__(
            f"Your tier allows {limit} {calls} {per}. The next one is free {until}.",
            retry_after=int(headers["RateLimit-Reset"]),
        )
        self.headers = {**self.headers, **headers}
