"""The conversation as an agent is sent it, with as many of its files as are bearable."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from agents.kinds import Attached, Said, takes
from chats.models import Attachment, Chat, Message, MessageRole
from chats.queries import messages_of


def messages_and_whether_files(chat: Chat) -> QuerySet[Message]:
    """Return a chat's messages, each of which knows whether it `has_files`: most chats are not asked for any."""
    return messages_of(chat).annotate(has_files=Exists(Attachment.objects.filter(message=OuterRef("pk"))))


def said_in(chat: Chat, earlier: Iterable[Message], added: Iterable[Message], files: Sequence[Attached]) -> list[Said]:
    """Return the conversation as the agent of a chat is sent it; `files` come with what is `added`.

    The files of the last question are sent, of the earlier ones the newest, as long as all together stay within the
    limit. A message says which of its files were left out. An empty answer says nothing.
    """
    earlier = list(earlier)
    sent: dict[UUID, list[Attached]] = {message.id: [*files] for message in added}
    left_out: dict[UUID, list[str]] = {}
    if any(message.has_files for message in earlier):  # type: ignore[attr-defined] # annotated
        asked = None if sent else next(message.id for message in reversed(earlier) if message.role == MessageRole.USER)
        rows = list(Attachment.objects.filter(message__chat=chat).order_by("-message__position", "position"))
        chosen = _chosen(chat, rows, asked, sum(len(file.data) for file in files))
        data = dict(Attachment.objects.filter(id__in=chosen).values_list("id", "data"))
        for row in rows:
            if row.id in data:
                sent.setdefault(row.message_id, []).append(Attached(row.name, row.media_type, bytes(data[row.id])))
            else:
                left_out.setdefault(row.message_id, []).append(row.name)
    said = (_said(message, sent.get(message.id, ()), left_out.get(message.id, ())) for message in [*earlier, *added])
    return [one for one in said if one.content or one.attachments]


def _chosen(chat: Chat, rows: Iterable[Attachment], asked: UUID | None, used: int) -> list[UUID]:
    """Choose among a chat's files, newest first: those of the question that is `asked`, and what then fits."""
    assert chat.agent is not None
    chosen = []
    for row in rows:
        if not takes(chat.agent.kind, row.media_type):  # the agent was of another kind then
            continue
        used += row.size
        if row.message_id == asked or used <= settings.MAX_HISTORY_ATTACHMENT_BYTES:
            chosen.append(row.id)
    return chosen


def _said(message: Message, files: Collection[Attached], left_out: Collection[str]) -> Said:
    content = message.content
    if left_out:
        content = f"{content}\n\n[Sent before and left out here: {', '.join(left_out)}]".lstrip()
    return Said(message.role, content, _iso(message.timestamp), tuple(files))


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
