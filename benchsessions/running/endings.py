"""How the asking of a session ends, and what people are told then."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_noop as _

from benchsessions.models import RunState


@dataclass(frozen=True, slots=True)
class Ending:
    """The last state of a run, why, and a sentence for people in English, which pages translate."""

    state: RunState
    reason: str = ""
    sentence: str = ""


DONE: Final = Ending(RunState.DONE)
# All that was to be asked was, as when errors are retried, but others never were; whoever shows it counts them.
UNASKED: Final = Ending(RunState.STOPPED, "unasked")
STOPPED: Final = Ending(RunState.STOPPED, "stopped", _("Stopped by a person. What was answered is kept."))
UNAUTHORIZED: Final = Ending(
    RunState.FAILED, "unauthorized", _("The service did not accept the token. Set a new one, then resume.")
)
ERRORS: Final = Ending(
    RunState.FAILED, "errors", _("Too many questions in a row failed. Look at the errors, then resume or retry.")
)
MISALIGNED: Final = Ending(
    RunState.FAILED, "misaligned", _("The answers do not match the questions. The reply is kept as it came.")
)
NO_TARGET: Final = Ending(
    RunState.FAILED, "no_target", _("Nobody says any more where this environment is. Ask an admin of your team.")
)
NO_STARTER: Final = Ending(
    RunState.FAILED, "no_starter", _("Who started this is no longer here. Somebody else may resume.")
)
# No limit and no time is named: it is read later, and by others than who started it.
QUOTA: Final = Ending(
    RunState.FAILED,
    "quota_exceeded",
    _("The tier of who started this allows no more calls of agents for now. Resume later, or have a colleague resume."),
)
NO_TIER: Final = Ending(
    RunState.FAILED,
    "tier_required",
    _("Who started this has no tier that allows calls of agents. A colleague may resume; the operator gives tiers."),
)
UNREADABLE: Final = Ending(
    RunState.FAILED, "unreadable", _("A stored secret cannot be read. Ask an operator, or set it anew.")
)
UNSENDABLE: Final = Ending(
    RunState.FAILED, "unsendable", _("The token or a setting holds characters that cannot be sent. Set it anew.")
)
DELETED: Final = Ending(RunState.STOPPED, "deleted", _("The session was deleted."))
CLOSED: Final = Ending(RunState.STOPPED, "team_closed", _("The team was closed."))
FAULT: Final = Ending(
    RunState.FAILED,
    "fault",
    _("Something failed here, not at the service. If it fails again, tell an operator."),
)


class RunOver(Exception):
    """Say that a run has to end now."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        super().__init__(ending.reason)


class LeaseLost(Exception):
    """Say that another process, or nobody, asks the questions of this run now: nothing more may be stored."""
