"""Which questions of a session are shown: one set of filters for the review page, the API and the export."""

from collections.abc import Mapping

from django.db.models import Exists, F, OuterRef, Q, TextChoices
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from benchsessions.models import Analyst, BenchSession, Flag, SecondOpinion
from benchsessions.models.sessions import FAILED
from benchsessions.opinions import rated_by
from tenants.managers import find


class ItemFilter(TextChoices):
    """What is asked for by `?filter=`."""

    ALL = "all", _("All")
    UNRATED = "unrated", _("Not rated")
    ERRORS = "errors", _("Errors")
    DISPUTED = "disputed", _("Differing")
    CHANGED = "changed", _("Changed answers")
    FLAGGED = "flagged", _("Flagged")


def conditions(session: BenchSession, viewer: Analyst) -> Mapping[str, Q]:
    """Return what an item of a session has to fulfil under each filter, as far as somebody may know it.

    To whoever was asked for a second opinion, unrated are those answers that are theirs to judge and that they did
    not rate, differing only those that they did, and flagged no more than those and what they flagged themselves.
    """
    is_failed = Q(status__in=FAILED)
    unrated, disputed, flagged = Q(verdict=""), Q(is_disputed=True), Q(is_flagged=True)
    opinion = find(SecondOpinion.objects.all(), session=session, reviewer=viewer)
    if opinion is not None:
        is_rated = Q(Exists(rated_by(viewer, item=OuterRef("pk"))))
        unrated = Q(Exact(F("index") % opinion.every, 0)) & ~is_rated
        disputed &= is_rated
        flagged &= is_rated | Q(Exists(Flag.objects.filter(item=OuterRef("pk"), author=viewer, resolved_at=None)))
    return {
        ItemFilter.ALL: Q(),
        ItemFilter.UNRATED: unrated & ~is_failed,  # an error is no answer: there is nothing to judge
        ItemFilter.ERRORS: is_failed,
        ItemFilter.DISPUTED: disputed,
        ItemFilter.CHANGED: Q(is_changed=True),
        ItemFilter.FLAGGED: flagged,
    }
