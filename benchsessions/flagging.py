"""Answers to discuss."""

from collections import Counter
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from benchsessions.counting import counting
from benchsessions.exceptions import FlagNotFound, ItemNotFound
from benchsessions.locking import lock_session, touch
from benchsessions.models import Analyst, BenchSession, Flag, Item
from benchsessions.opinions import visible_flags
from tenants.managers import find


@transaction.atomic
def raise_flag(*, session_id: UUID, index: int, author: Analyst, comment: str) -> Flag:
    """Ask to discuss an answer, and why. Raises `SessionNotFound` and `ItemNotFound`."""
    session = lock_session(session_id)
    item = find(Item.objects.all(), session=session, index=index)
    if item is None:
        raise ItemNotFound()
    flag = Flag.objects.create(item=item, author=author, comment=comment)
    _settle(session, item, is_flagged=True)
    return flag


@transaction.atomic
def resolve_flag(*, session_id: UUID, flag_id: UUID, by: Analyst) -> Flag:
    """Note that what a flag asked was discussed. Raises `SessionNotFound`, and `FlagNotFound` where `by` sees none."""
    session = lock_session(session_id)
    flag = find(visible_flags(session, by).select_related("item"), id=flag_id)
    if flag is None:
        raise FlagNotFound()
    if flag.resolved_at is None:
        flag.resolved_at, flag.resolved_by = timezone.now(), by
        flag.save(update_fields=["resolved_at", "resolved_by"])
        _settle(session, flag.item, is_flagged=Flag.objects.filter(item=flag.item, resolved_at=None).exists())
    return flag


def _settle(session: BenchSession, item: Item, *, is_flagged: bool) -> None:
    grown: Counter[str] = Counter()
    with counting(item, grown):
        item.is_flagged = is_flagged
    item.save(update_fields=["is_flagged"])
    touch(session, **grown)
