"""Every write of a question set. A version is changed until it is first used; then a change makes the next one."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from benchsessions.exceptions import QuestionNotFound, SetNameTaken, SetNotFound, VersionFrozen
from benchsessions.models import Analyst, Question, QuestionSet, QuestionSetVersion
from benchsessions.sessions import Asked
from benchsessions.wording import Wording, number_fault
from tenants.exceptions import Conflict, Invalid
from tenants.managers import find

BATCH: Final = 500


@transaction.atomic
def create_set(*, name: str, by: Analyst, questions: Sequence[Wording], description: str = "") -> QuestionSet:
    """Make a set with its first version; raise `SetNameTaken`."""
    question_set = QuestionSet(name=name, description=description, created_by=by)
    _save_named(question_set)
    _write_version(question_set, 1, by, questions)
    return question_set


@transaction.atomic
def add_version(*, set_id: UUID, by: Analyst, questions: Sequence[Wording]) -> QuestionSetVersion:
    """Put other questions into a set, as its next version; raise `SetNotFound`."""
    question_set = _lock_set(set_id)
    return _write_version(question_set, _last_number(question_set) + 1, by, questions)


@transaction.atomic
def begin_change(*, set_id: UUID, by: Analyst) -> QuestionSetVersion:
    """Return the newest version to change, which is a copy of it once it was used; raise `SetNotFound`."""
    question_set = _lock_set(set_id)
    newest = question_set.versions.select_for_update(no_key=True).order_by("-number")[0]
    if newest.frozen_at is None:
        return newest
    return _write_version(question_set, newest.number + 1, by, wordings_of(newest))


@transaction.atomic
def freeze(version_id: UUID) -> QuestionSetVersion:
    """Return a version that nobody changes any more from here on, as it is about to be used; raise `SetNotFound`.

    Called in the transaction that makes use of it: who changes a question waits for its end and is refused then.
    """
    version = _lock_version(version_id)
    if version.frozen_at is None:
        version.frozen_at = timezone.now()
        version.save(update_fields=["frozen_at"])
    return version


def asked_of(version: QuestionSetVersion) -> list[Asked]:
    """Return the questions of a version as a session asks them."""
    return [
        Asked(
            {"body": question.body, "with_docs": question.with_docs},
            {
                "answer": question.reference_answer,
                "documents": question.expected_documents,
                "tags": question.tags,
                "external_id": question.external_id,
            },
        )
        for question in version.questions.all()
    ]


def wordings_of(version: QuestionSetVersion) -> list[Wording]:
    """Return what the questions of a version say."""
    return [wording_of(question) for question in version.questions.all()]


def wording_of(question: Question) -> Wording:
    return Wording(**{name: getattr(question, name) for name in Wording.__dataclass_fields__})


@transaction.atomic
def save_question(*, version_id: UUID, position: int | None, wording: Wording, stood: str = "") -> Question:
    """Change a question of a version, or add one at its end.

    `stood` is the mark of the wording that is to be changed: once another stands there, nothing is. Raises `Conflict`
    then, `VersionFrozen`, `QuestionNotFound`, and `Invalid` for what is wrong with it among the others.
    """
    version = _lock_open(version_id)
    _check_among(version, position, wording)
    if position is None:
        last = version.questions.aggregate(last=Max("position"))["last"] or 0
        question = Question(version=version, position=last + 1)
        QuestionSetVersion.objects.filter(id=version.id).update(n_questions=F("n_questions") + 1)
    else:
        question = _question_at(version, position)
        if stood and stood != wording_of(question).mark:
            raise Conflict(_("Somebody changed this question meanwhile. Open it again, and put your words in anew."))
    for name, value in wording.as_fields().items():
        setattr(question, name, value)
    question.save()
    return question


@transaction.atomic
def delete_question(*, version_id: UUID, position: int) -> None:
    """Take a question out of a version; the others keep their numbers. Raises as `save_question` does."""
    version = _lock_open(version_id)
    _question_at(version, position).delete()
    QuestionSetVersion.objects.filter(id=version.id).update(n_questions=F("n_questions") - 1)


@transaction.atomic
def change_set(*, set_id: UUID, **fields: Any) -> QuestionSet:
    """Change a set's `name`, `description` or `is_archived`; raise `SetNameTaken` or `SetNotFound`."""
    question_set = _lock_set(set_id)
    for name, value in fields.items():
        setattr(question_set, name, value)
    _save_named(question_set, update_fields=list(fields))
    return question_set


@transaction.atomic
def duplicate_set(*, set_id: UUID, name: str, description: str, by: Analyst) -> QuestionSet:
    """Make a set of its own of the newest version of another."""
    source = _lock_set(set_id)
    newest = source.versions.order_by("-number")[0]
    return create_set(name=name, by=by, questions=wordings_of(newest), description=description)


def _check_among(version: QuestionSetVersion, position: int | None, wording: Wording) -> None:
    faults = dict(wording.faults())
    others = version.questions.exclude(position=position) if position is not None else version.questions.all()
    if wording.external_id and others.filter(external_id=wording.external_id).exists():
        faults["external_id"] = _("Another question has this id.")
    if position is None and (fault := number_fault(version.n_questions + 1)):
        faults["body"] = fault
    if faults:
        raise Invalid(errors={name: [sentence] for name, sentence in faults.items()})


def _write_version(
    question_set: QuestionSet, number: int, by: Analyst, questions: Sequence[Wording]
) -> QuestionSetVersion:
    version = QuestionSetVersion.objects.create(
        question_set=question_set, number=number, n_questions=len(questions), created_by=by
    )
    Question.objects.bulk_create(
        [
            Question(version=version, position=position, **wording.as_fields())
            for position, wording in enumerate(questions, 1)
        ],
        batch_size=BATCH,
    )
    return version


def _save_named(question_set: QuestionSet, **how: Any) -> None:
    try:
        with transaction.atomic():
            question_set.save(**how)
    except IntegrityError:
        raise SetNameTaken() from None


def _lock_set(set_id: UUID) -> QuestionSet:
    question_set = find(QuestionSet.objects.select_for_update(no_key=True), id=set_id)
    if question_set is None:
        raise SetNotFound()
    return question_set


def _lock_version(version_id: UUID) -> QuestionSetVersion:
    version = find(QuestionSetVersion.objects.select_for_update(no_key=True), id=version_id)
    if version is None:
        raise SetNotFound()
    return version


def _lock_open(version_id: UUID) -> QuestionSetVersion:
    version = _lock_version(version_id)
    if version.frozen_at is not None:
        raise VersionFrozen()
    return version


def _question_at(version: QuestionSetVersion, position: int) -> Question:
    question = find(Question.objects.all(), version=version, position=position)
    if question is None:
        raise QuestionNotFound()
    return question


def _last_number(question_set: QuestionSet) -> int:
    newest: int = question_set.versions.aggregate(last=Max("number"))["last"] or 0
    return newest
