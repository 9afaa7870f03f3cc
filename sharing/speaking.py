"""What visitors say: kept in the chat, charged to its person, counted for the visitor, their room and the link."""

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.limits import count_share_message, count_share_try
from chats.actions import Started, start_answer
from chats.exceptions import EmptyMessage, MessageTooLong, RunInProgress
from chats.models import Message, MessageStatus
from chats.speakers import Speaker
from sharing.exceptions import JoinFirst, ShareCannotAnswer, ShareGone, ShareNotFound, ShareReadOnly, ShareUsedUp
from sharing.leases import lease_end
from sharing.models import Ending, Participant, Share
from sharing.queries import people_in, room_for_messages
from sharing.visits import Visit
from tenants.exceptions import NotFound, ParleyError
from tenants.managers import find


def say(visit: Visit, content: str) -> Started:
    """Keep what a visitor says and start the agent's answer, which everyone in the room sees; renew their place.

    Raises `JoinFirst`, `ShareReadOnly`, `EmptyMessage`, `MessageTooLong`, `TooManyRequests`, `ShareUsedUp`,
    `ShareGone`, `RunInProgress`, and `ShareCannotAnswer` for whatever only the team may know. Only what was sent
    counts against the rates, but there is a wider one for tries. Call it in the scope of the link's team and outside
    of a transaction.
    """
    participant = visit.participant
    if participant is None or not participant.is_in:
        raise JoinFirst()
    if not visit.share.can_write:
        raise ShareReadOnly()
    if not content.strip():
        raise EmptyMessage()
    if len(content) > settings.SHARE_MESSAGE_CHARS:
        raise MessageTooLong()
    count_share_try(participant_id=participant.id)
    _check_quiet(visit.share)
    counted = count_share_message(share_id=visit.share.id, participant_id=participant.id)
    try:
        return _say(visit.share, participant, content)
    except ParleyError:
        for attempt in counted:
            attempt.forgive()
        raise


def _check_quiet(share: Share) -> None:
    """Refuse at little cost what would be refused once the chat is held: many type while an answer grows."""
    if Message.objects.filter(chat_id=share.chat_id, status=MessageStatus.STREAMING).exists():
        raise _answer_under_way()


def _answer_under_way() -> RunInProgress:
    return RunInProgress("An answer is still being written. Wait for it.")


@transaction.atomic
def _say(share: Share, participant: Participant, content: str) -> Started:
    """Start the answer and count the message in one transaction, so that neither is there without the other.

    The chat is locked first and the link second, here as when a chat is deleted with its links.
    """
    started = _started(share, participant, content)
    if not room_for_messages(share).filter(can_write=True).update(messages_sent=F("messages_sent") + 1):
        raise _refusal(share)
    speaks = people_in(share).filter(id=participant.id)
    if not speaks.update(messages_sent=F("messages_sent") + 1, lease_until=lease_end()):
        raise JoinFirst()
    return started


def _started(share: Share, participant: Participant, content: str) -> Started:
    try:
        speaker = Speaker(guest_id=participant.id, guest_name=str(participant))
        return start_answer(chat_id=share.chat_id, speaker=speaker, content=content)
    except (EmptyMessage, MessageTooLong):
        raise
    except RunInProgress:
        raise _answer_under_way() from None
    except NotFound:
        raise ShareGone(Ending.DELETED.label) from None
    except ParleyError as error:
        raise ShareCannotAnswer() from error


def _refusal(share: Share) -> ParleyError:
    """Return why nothing may be sent, as it stands by now."""
    now = find(Share.objects.select_related("team", "chat__user"), id=share.id)
    if now is None:
        return ShareNotFound()
    if now.ending is not None:
        return ShareGone(now.ending.label)
    return ShareUsedUp() if now.can_write else ShareReadOnly()
