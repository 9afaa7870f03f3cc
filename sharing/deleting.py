"""Deleting a link with its visitors; listens to the rows, since a chat or a person takes the links along."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from sharing.models import Share


@receiver(pre_delete, sender=Share)
def hold_room(instance: Share, **kwargs: Any) -> None:
    """Hold a room before its visitors are deleted, as whoever comes in does.

    They came in before and are deleted with it, or find no room. Otherwise somebody who came in just then would keep
    the link and its chat from going, or each of the two would wait for a row of the other.
    """
    list(Share.objects.select_for_update().filter(id=instance.pk).values_list("id"))
