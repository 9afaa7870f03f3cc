"""Names of channel groups, and telling a group something; a group belongs to one team."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from tenants.scope import current_team_id

logger = logging.getLogger(__name__)
REJOIN_SECONDS: Final = 1.0


def team_group(kind: str, object_id: UUID) -> str:
    """Name the group of one object of the team in scope."""
    return f"{kind}.{current_team_id().hex}.{object_id.hex}"


def tell_on_commit(group: str, event: dict[str, Any]) -> None:
    """Send an event to a group once the transaction has committed.

    An event is a hint to look; a channel layer that fails costs liveliness, never the work that was committed.
    """
    transaction.on_commit(lambda: async_to_sync(tell)(group, event), robust=True)


async def tell(group: str, event: dict[str, Any]) -> None:
    """Send an event to a group at once; a channel layer that fails is logged."""
    try:
        await get_channel_layer().group_send(group, event)
    except Exception:
        logger.exception("The event %s could not be sent.", event.get("type"))


async def heard(*groups: str) -> AsyncIterator[dict[str, Any] | None]:
    """Yield what groups are told, without end; None at first and after something may have been missed."""
    layer = get_channel_layer()
    channel = ""
    try:
        while True:
            try:
                channel = channel or await layer.new_channel()  # always the same: those left behind would fill up
                for group in groups:
                    await layer.group_add(group, channel)
                yield None
                while True:
                    yield await layer.receive(channel)
            except Exception:
                logger.exception("The channel layer failed; trying again.")
                await asyncio.sleep(REJOIN_SECONDS)
    finally:
        for group in groups:
            with suppress(Exception):
                await layer.group_discard(group, channel)
