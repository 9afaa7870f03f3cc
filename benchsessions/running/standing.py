"""How the asking of a session stands, read from the counts of its row and of its run: no item is looked at."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from benchsessions.models import BenchRun, BenchSession, RunState
from benchsessions.running.endings import UNASKED


@dataclass(frozen=True, slots=True)
class Standing:
    """What a progress bar shows.

    `state` is None for a session that was never run. `done` of `total` questions have an answer, an error, or were
    skipped, `failed` of them have an error; `asked` of `due` were dealt with since it was started or resumed last,
    which is what the rate is of. `sentence` says in the reader's language why it ended. One that `is_unlaid` is not
    asked: the answers that a client sent would be lost.
    """

    state: RunState | None
    done: int
    total: int
    failed: int
    asked: int = 0
    due: int = 0
    per_minute: float | None = None
    seconds_left: int | None = None
    reason: str = ""
    sentence: str = ""
    is_unlaid: bool = False
    is_stopping: bool = False

    @property
    def is_running(self) -> bool:
        return self.state == RunState.RUNNING

    @property
    def is_first(self) -> bool:
        """Whether it was never asked and may be."""
        return self.state is None and (self.may_resume or self.may_retry)

    @property
    def may_stop(self) -> bool:
        return self.is_running

    @property
    def may_resume(self) -> bool:
        return not (self.is_running or self.is_unlaid) and self.done < self.total

    @property
    def may_retry(self) -> bool:
        return not (self.is_running or self.is_unlaid) and self.failed > 0


def standing(session: BenchSession) -> Standing:
    """Return how a session's asking stands; costs one query, none where `runs` were fetched along."""
    done = session.n_answered + session.n_failed + session.n_skipped
    run = next(iter(session.runs.all()), None)
    if run is None:
        return Standing(None, done, session.n_questions, session.n_failed, is_unlaid=session.is_unlaid)
    per_minute, seconds_left = _pace(run)
    return Standing(
        state=RunState(run.state),
        done=done,
        total=session.n_questions,
        failed=session.n_failed,
        asked=run.n_asked,
        due=run.n_due,
        per_minute=per_minute,
        seconds_left=seconds_left,
        reason=run.reason,
        sentence=_sentence(run, session.n_questions - done),
        is_unlaid=session.is_unlaid,
        is_stopping=run.state == RunState.RUNNING and run.stop_requested_at is not None,
    )


def _sentence(run: BenchRun, unasked: int) -> str:
    """Return in the reader's language why a run ended; nothing where a client answered what it had left."""
    if run.reason == UNASKED.reason and not unasked:
        return ""
    if run.reason == UNASKED.reason:
        told = ngettext("%(n)d question was not asked yet.", "%(n)d questions were not asked yet.", unasked)
        return told % {"n": unasked}
    return gettext(run.sentence) if run.sentence else ""


def _pace(run: BenchRun) -> tuple[float | None, int | None]:
    """Return how many questions a minute are dealt with, and in how many seconds the rest will be."""
    seconds = ((run.ended_at or timezone.now()) - run.resumed_at).total_seconds()
    if not run.n_asked or seconds <= 0:
        return None, None
    left = round(seconds / run.n_asked * (run.n_due - run.n_asked)) if run.state == RunState.RUNNING else None
    return run.n_asked / seconds * 60, left
