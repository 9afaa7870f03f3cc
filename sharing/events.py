"""What the rooms of a link are told in every process; each is a hint, the rows are the truth."""

from uuid import UUID

from chats.events import company_changed
from sharing.models import Ending, Share
from tenants.groups import team_group, tell_on_commit


def share_group(share_id: UUID) -> str:
    """Name the group that the rooms of a link listen to."""
    return team_group("share", share_id)


def room_moved(share: Share) -> None:
    """Tell that somebody came in, left, or waits."""
    tell_on_commit(share_group(share.id), {"type": "room.moved"})
    company_changed(share.chat)


def share_changed(share: Share) -> None:
    """Tell that the link's own fields changed."""
    tell_on_commit(share_group(share.id), {"type": "share.changed"})
    company_changed(share.chat)


def share_ended(share: Share, ending: Ending) -> None:
    """Tell that the room is closed."""
    tell_on_commit(share_group(share.id), {"type": "share.ended", "reason": ending.reason})
    company_changed(share.chat, ending.label)
