"""Refusals of the bench."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from tenants.exceptions import Conflict, Forbidden, Invalid, NotFound, ParleyError


class AnalystNotFound(NotFound):
    code = "BENCH_USER_NOT_FOUND"
    sentence = _("There is no such user.")


class SessionNotFound(NotFound):
    code = "BENCH_SESSION_NOT_FOUND"
    sentence = _("There is no such session.")


class ItemNotFound(NotFound):
    code = "BENCH_ITEM_NOT_FOUND"
    sentence = _("The session has no such question.")


class FlagNotFound(NotFound):
    code = "BENCH_FLAG_NOT_FOUND"
    sentence = _("There is no such flag.")


class ChangedMeanwhile(ParleyError):
    """Somebody else, or another tab, was faster; `current` is what stands now, for the caller to choose."""

    status = 412
    code = "VERSION_MISMATCH"
    sentence = _("This was changed meanwhile. Look at what stands now and choose.")

    def __init__(self, version: int, current: Any = None) -> None:
        self.version = version
        self.current = current
        super().__init__(extra={"version": version, "current": current}, headers={"ETag": f'"{version}"'})


class SignedInAsAnother(Conflict):
    """A page that was drawn for somebody else sends something."""

    code = "BENCH_SIGNED_IN_AS_ANOTHER"
    sentence = _("You are signed in as %(name)s now. Reload the page; to save what is here, sign in as before first.")

    def __init__(self, name: str) -> None:
        super().__init__(gettext(self.sentence) % {"name": name})


class VersionRequired(ParleyError):
    status = 428
    code = "VERSION_REQUIRED"
    sentence = _("Say in If-Match which version you change; * is whatever stands.")


class QuestionsFrozen(Conflict):
    code = "QUESTIONS_FROZEN"
    sentence = _(
        "The questions cannot change any more: there are answers, annotations, flags or decisions. Make a new session."
    )


class RunInProgress(Conflict):
    code = "BENCH_RUN_IN_PROGRESS"
    sentence = _("The session is being run. Stop it first.")


class NothingToRun(Conflict):
    code = "BENCH_NOTHING_TO_RUN"
    sentence = _("There is nothing left to ask.")


class ResponseUnlaid(Conflict):
    code = "BENCH_RESPONSE_MISALIGNED"
    sentence = _("Asking would replace the answers that were sent, which do not match the questions. Run them again.")


class EnvironmentNotFound(NotFound):
    code = "BENCH_ENVIRONMENT_NOT_FOUND"
    sentence = _("There is no such environment.")


class NoTarget(Invalid):
    code = "BENCH_NO_TARGET"
    sentence = _("Nobody has said yet where this environment is. Ask an admin of your team.")


class OpinionNotFound(NotFound):
    code = "BENCH_OPINION_NOT_FOUND"
    sentence = _("This person was not asked for a second opinion.")


class StillBlind(Forbidden):
    code = "BENCH_STILL_BLIND"
    sentence = _("You were asked for a second opinion here, so others decide.")


class AskedOneself(Invalid):
    code = "BENCH_ASKED_ONESELF"
    sentence = _("Ask somebody else for a second opinion.")


class SetNotFound(NotFound):
    code = "BENCH_SET_NOT_FOUND"
    sentence = _("There is no such question set.")


class QuestionNotFound(NotFound):
    code = "BENCH_QUESTION_NOT_FOUND"
    sentence = _("The set has no such question.")


class SetNameTaken(Conflict):
    code = "BENCH_SET_NAME_TAKEN"
    sentence = _("Your team has a question set of this name already.")


class VersionFrozen(Conflict):
    code = "BENCH_VERSION_FROZEN"
    sentence = _("This version was used and stays as it is. Begin the next one.")


class NotATable(Invalid):
    code = "BENCH_NOT_A_TABLE"
    sentence = _("This is not a table of questions: CSV, XLSX and JSON Lines are.")


class UploadNotFound(NotFound):
    code = "BENCH_UPLOAD_NOT_FOUND"
    sentence = _("This file was taken over already, or is not kept any more. Send it again.")
