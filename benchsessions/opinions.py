"""Second opinions: who is asked for one, what they may see meanwhile, and what is decided in the end.

Whoever was asked sees nothing of others on an answer before they rated it themselves: no word, no flag, nor the verdict
that counts; and no count of a session, which adds up all its answers. Neither do they ask others or decide: that is for
those who see everything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, ExpressionWrapper, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.queries import with_people
from benchsessions.annotating import settle
from benchsessions.exceptions import AskedOneself, ItemNotFound, OpinionNotFound, StillBlind
from benchsessions.locking import lock_session, touch
from benchsessions.models import Analyst, Annotation, BenchSession, Flag, Item, ItemStatus, SecondOpinion
from benchsessions.rubric import Rating
from tenants.exceptions import Invalid
from tenants.managers import find

MOST_EVERY: Final = 100
# The counts of a session that tell what people said.
TOLD: Final = ("n_rated", "n_correct", "n_partly", "n_incorrect", "n_not_applicable", "n_flagged")


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person may see of what others said in some sessions; see `sight_of`."""

    blind_in: frozenset[UUID]  # the sessions in which they were asked
    rated: frozenset[UUID]  # the items there that they rated
    flagged: frozenset[UUID]  # those that they flagged

    @property
    def is_blind(self) -> bool:
        """Tell whether anything may be hidden at all."""
        return bool(self.blind_in)

    def sees(self, item: Item) -> bool:
        """Tell whether others' annotations and flags, the verdict that counts and a dispute may be shown."""
        return item.session_id not in self.blind_in or item.id in self.rated

    def cover(self, items: Iterable[Item]) -> None:
        """Take away from unsaved copies of items whatever this person may not see of them yet."""
        for item in items:
            if not self.sees(item):
                item.verdict = item.decided_rating = ""
                item.is_disputed = False
                item.is_flagged = item.id in self.flagged
                item.decided_by_id = item.decided_at = None


def sessions_blind_to(viewer: Analyst, sessions: Iterable[UUID] | QuerySet[BenchSession, Any]) -> frozenset[UUID]:
    """Return in which of some sessions somebody was asked, by the ids or by a query."""
    asked = SecondOpinion.objects.filter(reviewer=viewer, session__in=sessions)
    return frozenset(asked.values_list("session_id", flat=True))


def cover_counts(viewer: Analyst, sessions: Iterable[BenchSession]) -> None:
    """Take away from unsaved copies of sessions the counts that somebody may not know: they are None then."""
    known = list(sessions)
    blind_in = sessions_blind_to(viewer, [session.id for session in known])
    for session in known:
        if session.id in blind_in:
            for name in TOLD:
                setattr(session, name, None)


def sight_of(viewer: Analyst, *session_ids: UUID) -> Sight:
    """Return what somebody may see in sessions, in one query for those who were never asked, else in three."""
    blind_in = sessions_blind_to(viewer, session_ids)
    if not blind_in:
        return Sight(blind_in, frozenset(), frozenset())
    rated = Annotation.objects.filter(session__in=blind_in, author=viewer).exclude(rating="")
    flagged = Flag.objects.filter(item__session__in=blind_in, author=viewer, resolved_at=None)
    return Sight(blind_in, *(frozenset(own.values_list("item_id", flat=True)) for own in (rated, flagged)))


def visible_annotations(session: BenchSession, viewer: Analyst) -> QuerySet[Annotation]:
    """Return the annotations of a session that somebody may see, their own among them, but for emptied ones.

    Filter them further by `item=` or `item__in=`. Authors come along.
    """
    said = Annotation.objects.filter(_may_be_seen(session, viewer), session=session).exclude(data=None)
    return with_people(said.select_related("author"), "author__user")


def visible_flags(session: BenchSession, viewer: Analyst) -> QuerySet[Flag]:
    """Return the flags of a session that somebody may see, their own among them, with the people."""
    flags = Flag.objects.filter(_may_be_seen(session, viewer), item__session=session)
    return with_people(flags.select_related("author"), "author__user", "resolved_by__user")


def _may_be_seen(session: BenchSession, viewer: Analyst) -> Q:
    """Return what has to hold of somebody's word or flag on an answer."""
    asked = SecondOpinion.objects.filter(session=session, reviewer=viewer)
    return Q(author=viewer) | Q(~Exists(asked)) | Q(Exists(rated_by(viewer, item=OuterRef("item_id"))))


def rated_by(viewer: Analyst, *, item: OuterRef) -> QuerySet[Annotation]:
    """Return somebody's annotation of an item in an outer query, if it has a rating."""
    return Annotation.objects.filter(item=item, author=viewer).exclude(rating="")


def opinions_on(session: BenchSession) -> QuerySet[SecondOpinion]:
    """Return who was asked about a session, with `n_asked` and `n_given`: how many answers are theirs to judge."""
    return _with_progress(SecondOpinion.objects.filter(session=session).select_related("reviewer"), "reviewer__user")


def asked_of(analyst: Analyst) -> QuerySet[SecondOpinion]:
    """Return where somebody's opinion is asked and not all given yet, with the sessions, the latest asked first."""
    asked = SecondOpinion.objects.filter(reviewer=analyst, session__deleted_at=None).select_related("session")
    return _with_progress(asked, "asked_by__user").filter(Q(n_given__lt=F("n_asked"))).order_by("-created_at", "-id")


@transaction.atomic
def ask_second_opinion(*, session_id: UUID, reviewer: Analyst, by: Analyst, every: int = 1) -> SecondOpinion:
    """Ask a colleague to judge each answer, or every n-th, without seeing what others said; asking again changes n.

    What the colleague rated before counts as ever; what they have not rated yet becomes a second opinion.
    Raises `SessionNotFound`, `StillBlind` and `AskedOneself`.
    """
    session = lock_session(session_id)
    _check_sees_all(session, by)
    if reviewer == by:
        raise AskedOneself()
    if not 1 <= every <= MOST_EVERY:
        raise Invalid(errors={"every": [_("This must be a number from 1 to %(most)d.") % {"most": MOST_EVERY}]})
    opinion, _made = SecondOpinion.objects.update_or_create(
        session=session, reviewer=reviewer, defaults={"every": every, "asked_by": by}
    )
    Annotation.objects.filter(session=session, author=reviewer, rating="").update(is_second=True)
    touch(session)
    return opinion


@transaction.atomic
def withdraw(*, session_id: UUID, reviewer: Analyst, by: Analyst) -> None:
    """Ask a colleague no more; what they rated stays a second opinion. Raises `OpinionNotFound` and `StillBlind`."""
    session = lock_session(session_id)
    _check_sees_all(session, by)
    deleted, _rows = SecondOpinion.objects.filter(session=session, reviewer=reviewer).delete()
    if not deleted:
        raise OpinionNotFound()
    Annotation.objects.filter(session=session, author=reviewer, rating="").update(is_second=False)
    touch(session)


@transaction.atomic
def decide(*, session_id: UUID, index: int, rating: str, by: Analyst) -> Item:
    """Say which verdict on an answer counts: one of the scale, or one that somebody gave.

    Raises `SessionNotFound`, `ItemNotFound`, `StillBlind`, and `Invalid` for any other rating.
    """
    session, item = _decidable(session_id, index, by)
    given = Annotation.objects.filter(item=item).exclude(rating="").values_list("rating", flat=True)
    if rating not in {*Rating.values, *given}:
        raise Invalid(errors={"rating": [_("Nobody gave this rating, and the scale has none of this name.")]})
    return _settled(session, item, rating, by)


@transaction.atomic
def undecide(*, session_id: UUID, index: int, by: Analyst) -> Item:
    """Take a decision back. Raises as `decide` does."""
    session, item = _decidable(session_id, index, by)
    return _settled(session, item, "", None)


def _decidable(session_id: UUID, index: int, by: Analyst) -> tuple[BenchSession, Item]:
    session = lock_session(session_id)
    _check_sees_all(session, by)
    item = find(Item.objects.all(), session=session, index=index)
    if item is None:
        raise ItemNotFound()
    return session, item


def _settled(session: BenchSession, item: Item, rating: str, by: Analyst | None) -> Item:
    if item.decided_rating != rating:
        item.decided_rating, item.decided_by = rating, by
        item.decided_at = timezone.now() if rating else None
        item.save(update_fields=["decided_rating", "decided_by", "decided_at"])
        settle(session, [item.id])
        item.refresh_from_db(fields=["verdict", "is_disputed"])
    return item


def _check_sees_all(session: BenchSession, person: Analyst) -> None:
    if SecondOpinion.objects.filter(session=session, reviewer=person).exists():
        raise StillBlind()


def _with_progress(asked: QuerySet[SecondOpinion], *people: str) -> QuerySet[SecondOpinion]:
    """Count the answers that are a reviewer's to judge and those they rated; an error is nothing to judge."""
    theirs = Item.objects.filter(session=OuterRef("session"), status=ItemStatus.OK)
    rest = ExpressionWrapper(F("index") % OuterRef("every"), output_field=IntegerField())
    theirs = theirs.filter(Exact(rest, 0))
    rating = Annotation.objects.filter(item=OuterRef("pk"), author=OuterRef(OuterRef("reviewer"))).exclude(rating="")
    counted = with_people(asked, *people)
    return counted.annotate(n_asked=_count(theirs), n_given=_count(theirs.filter(Exists(rating))))


def _count(items: QuerySet[Item]) -> Coalesce:
    counts = items.order_by().values("session").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts), 0)
