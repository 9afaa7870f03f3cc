"""Who from outside is in a chat: what its own page says of all its open links together."""

from typing import Any

from django.dispatch import receiver

from chats.events import Company, company_asked
from chats.models import Chat
from sharing.queries import shares_of, still_open


@receiver(company_asked)
def visitors_of(chat: Chat, **_: Any) -> Company:
    """Return who is in the rooms of a chat's open links, in one query."""
    rooms = [share for share in still_open(shares_of(chat)) if share.ending is None]
    here = sum(share.current_users for share in rooms)  # type: ignore[attr-defined]
    places = sum(share.max_concurrent_users for share in rooms)
    return Company(here, _sentence(here, places), min((share.expires_at for share in rooms), default=None))


def _sentence(here: int, places: int) -> str:
    return f"Shared · {here} of {places} visitor{'' if places == 1 else 's'} here" if places else ""
