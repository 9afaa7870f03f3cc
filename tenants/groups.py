"""Names of channel groups, and telling a group something; a group belongs to one team."""

import logging
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from tenants.scope import current_team_id

logger = logging.getLogger(__name__)


def team_group(kind: str, object_id: UUID) -> str:
    """Name the group of one object of the team in scope."""
    return f"{kind}.{current_team_id().hex}.{object_id.hex}"


def tell_on_commit(group: str, event: dict[str, Any]) -> None:
    """Send an event to a group once the transaction has committed.

    An event is a hint to look; a channel layer that fails costs liveliness, never the work that was committed.
    """
    transaction.on_commit(lambda: _tell(group, event), robust=True)


def _tell(group: str, event: dict[str, Any]) -> None:
    try:
        async_to_sync(get_channel_layer().group_send)(group, event)
    except Exception:
        logger.exception("The event %s could not be sent.", event.get("type"))
