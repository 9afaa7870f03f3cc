"""The one class of errors that reach a person or a program, and the errors of the scope."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from django.http.response import HttpResponseBase
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

MOST_ERRORS: Final = 100


class ParleyError(Exception):
    """An expected refusal: an HTTP status, a code for programs, a sentence for people.

    The sentence is given in the language of whoever asks, where there is a translation. `errors` maps a field to its
    sentences, `extra` adds fields of the body, `headers` adds HTTP headers.
    """

    status = 400
    code = "BAD_REQUEST"
    sentence = _("The request cannot be understood.")

    def __init__(
        self,
        sentence: str | None = None,
        *,
        errors: Mapping[str, Sequence[str]] | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.sentence = gettext(sentence or self.sentence)
        self.errors = errors
        self.extra = extra or {}
        self.headers = headers or {}
        super().__init__(self.sentence)

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the error; no more fields than one reads, however large what was sent."""
        body: dict[str, Any] = {"detail": self.sentence, "error_code": self.code}
        if self.errors:
            told = islice(self.errors.items(), MOST_ERRORS)
            body["errors"] = {field: list(sentences) for field, sentences in told}
        return {**body, **self.extra}

    def mark(self, response: HttpResponseBase) -> None:
        """Give an answer that shows the refusal its status and its headers."""
        response.status_code = self.status
        for name, value in self.headers.items():
            response[name] = value


class Invalid(ParleyError):
    code = "VALIDATION_ERROR"
    sentence = _("Some fields are not valid.")


class NotSignedIn(ParleyError):
    status = 401
    code = "NOT_AUTHENTICATED"
    sentence = _("Sign in first.")


class Forbidden(ParleyError):
    status = 403
    code = "PERMISSION_DENIED"
    sentence = _("You are not allowed to do this.")


class CrossOrigin(Forbidden):
    code = "CROSS_ORIGIN"
    sentence = _("This request came from another site and was refused.")


class NotFound(ParleyError):
    status = 404
    code = "NOT_FOUND"
    sentence = _("There is nothing here under this address.")


class Conflict(ParleyError):
    status = 409
    code = "CONFLICT"
    sentence = _("This is not possible right now.")


class TooLarge(ParleyError):
    status = 413
    code = "TOO_LARGE"
    sentence = _("This is larger than allowed.")


class TooManyRequests(ParleyError):
    status = 429
    code = "RATE_LIMITED"
    sentence = _("Too many tries. Wait a moment and try again.")

    def __init__(self, sentence: str | None = None, *, what: str = _("Too many tries"), retry_after: int) -> None:
        seconds = max(1, retry_after)
        told = gettext("%(what)s. Try again in %(time)s.") % {"what": gettext(what), "time": _words(seconds)}
        super().__init__(sentence or told, headers={"Retry-After": str(seconds)})


def _words(seconds: int) -> str:
    if seconds <= 120:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = -(-seconds // 60)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


class NoTeamInScope(RuntimeError):
    """A query or a write ran without a team in scope: a mistake in the program, never shown."""


class WrongTeam(RuntimeError):
    """A row of one team was about to be written in the scope of another: a mistake in the program."""
