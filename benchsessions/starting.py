"""Beginning a session: its questions are put together, it is made, and its run is started."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.audit import AuditAction
from benchsessions import sets
from benchsessions.environments import DEFAULTS, TOKEN
from benchsessions.models import Analyst, BenchRun, BenchSession, Item, QuestionSetVersion
from benchsessions.models.sessions import FAILED
from benchsessions.opinions import rated_by, sight_of
from benchsessions.questions import text_of_request
from benchsessions.rubric import Rating
from benchsessions.running import resume_run, retry_errors, start_run
from benchsessions.sessions import Asked, create_session
from benchsessions.wording import Wording


class Only(TextChoices):
    """Which questions of an earlier session are asked again."""

    ALL = "all", _("All its questions")
    FAILED = "failed", _("What failed or was rated incorrect")
    ERRORS = "errors", _("What failed")


class Verb(TextChoices):
    """How asking begins: for the first time, with what is left, or with what failed."""

    START = "start"
    RESUME = "resume"
    RETRY = "retry"


ASKING: Final[Mapping[Verb, Callable[..., BenchRun]]] = {
    Verb.START: start_run,
    Verb.RESUME: resume_run,
    Verb.RETRY: retry_errors,
}


@transaction.atomic
def start_session(
    *,
    by: Analyst,
    environment: str,
    api_mode: str,
    settings: dict[str, Any],
    questions: Sequence[Asked] | None = None,
    version: QuestionSetVersion | None = None,
    set_name: str = "",
    with_docs: bool | None = None,
    title: str = "",
    **how: Any,
) -> BenchSession:
    """Make a session and start asking its questions; `how` is what `start_run` takes besides.

    Without `questions` those of the version are asked, which is frozen. A `set_name` keeps questions as a set first.
    Raises `SetNameTaken`, `SetNotFound`, and what `start_run` raises.
    """
    if version is not None:
        version = sets.freeze(version.id)
    asked = sets.asked_of(version) if questions is None and version else questions or []
    if with_docs is not None:
        asked = [_with_docs(one, with_docs) for one in asked]
    if set_name:
        kept = sets.create_set(name=set_name, by=by, questions=[_wording_of(one) for one in asked])
        version = sets.freeze(kept.versions.get().id)
    session = create_session(
        owner=by,
        environment=environment,
        api_mode=api_mode,
        questions=asked,
        title=title,
        question_set_version=version,
        settings_snapshot={name: settings[name] for name in DEFAULTS if name != TOKEN} | {"apiMode": api_mode},
    )
    run_session(session=session, by=by, **how)
    return session


@transaction.atomic
def run_session(*, session: BenchSession, by: Analyst, verb: Verb = Verb.START, **how: Any) -> None:
    """Ask the questions of a session that there is, or some of them again. Raises what `start_run` raises."""
    run = ASKING[verb](session=session, by=by, **how)
    audit.record(
        AuditAction.BENCH_RUN_STARTED,
        team_id=session.team_id,
        target=session,
        verb=verb.value,
        environment=session.environment,
        questions=run.n_due,
    )


def questions_again(session: BenchSession, only: str, asker: Analyst) -> list[Asked]:
    """Return questions of an earlier session as they were asked, as far as somebody may know how they were judged."""
    items = Item.objects.defer(None).defer("answer").filter(session=session).order_by("index")
    failed, incorrect = Q(status__in=FAILED), Q(verdict=Rating.INCORRECT)
    if sight_of(asker, session.id).is_blind:
        incorrect &= Q(Exists(rated_by(asker, item=OuterRef("pk"))))
    if only != Only.ALL:
        items = items.filter(failed if only == Only.ERRORS else failed | incorrect)
    return [Asked(item.request, item.reference) for item in items]


def _wording_of(asked: Asked) -> Wording:
    reference = asked.reference
    with_docs = asked.request.get("with_docs", True) if isinstance(asked.request, dict) else True
    return Wording(
        body=text_of_request(asked.request),
        with_docs=bool(with_docs),
        reference_answer=reference.get("answer", ""),
        expected_documents=reference.get("documents", []),
        tags=reference.get("tags", []),
        external_id=reference.get("external_id", ""),
    )


def _with_docs(asked: Asked, with_docs: bool) -> Asked:
    request = asked.request if isinstance(asked.request, dict) else {"body": asked.request}
    return Asked({**request, "with_docs": with_docs}, asked.reference)
