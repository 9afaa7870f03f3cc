"""What may be asked of a comparison."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.forms.fields import MAX_SEARCH_CHARS
from benchsessions.comparing import FEWEST, MOST, Show
from benchsessions.exceptions import SessionNotFound
from benchsessions.models import BenchSession
from benchsessions.queries import sessions
from tenants.exceptions import Invalid

MOST_NAMED = 20


class CompareForm(forms.Form):
    """Which questions are shown, by part of their text if asked."""

    show = forms.ChoiceField(required=False, choices=Show.choices)
    q = forms.CharField(required=False, max_length=MAX_SEARCH_CHARS)

    @classmethod
    def read(cls, asked: QueryDict) -> dict[str, Any]:
        """Return what an address asks for; raise `Invalid` on what there is not."""
        form = cls(asked)
        if not form.is_valid():
            raise Invalid(errors={field: [*sentences] for field, sentences in form.errors.items()})
        return {**form.cleaned_data, "show": form.cleaned_data["show"] or Show.ALL.value}


def sessions_named(asked: QueryDict) -> list[BenchSession]:
    """Return the sessions that `s` names, each once, in that order or the oldest `first`.

    Raises `SessionNotFound` if there is one not.
    """
    named = list(dict.fromkeys(asked.getlist("s")))[:MOST_NAMED]
    try:
        ids = [UUID(text) for text in named]
    except ValueError:
        raise SessionNotFound() from None
    found = {session.id: session for session in sessions().filter(id__in=ids)}
    if not found.keys() >= set(ids):
        raise SessionNotFound()
    chosen = [found[session_id] for session_id in dict.fromkeys(ids)]
    # A list shows the newest first, and what is new is compared with what was before.
    return sorted(chosen, key=lambda session: session.created_at) if asked.get("first") == "oldest" else chosen


def number_fault(chosen: list[BenchSession]) -> str | None:
    """Return what is wrong with how many sessions are to be compared, None for nothing."""
    if FEWEST <= len(chosen) <= MOST:
        return None
    return _("Choose %(fewest)d to %(most)d sessions.") % {"fewest": FEWEST, "most": MOST}
