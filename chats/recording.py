"""What chats do when something happens to a run or an agent: the ears of the chats."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from accounts.models import User
from agents.events import AgentMoved, RunSaved, agent_moved, run_saved
from agents.models import Agent, Run, RunStatus
from chats.models import Chat, ChatMember, Message, MessageStatus
from tenants.managers import find

STATUS_OF_RUN = {
    RunStatus.RUNNING: MessageStatus.STREAMING,
    RunStatus.COMPLETE: MessageStatus.COMPLETE,
    RunStatus.STOPPED: MessageStatus.STOPPED,
    RunStatus.FAILED: MessageStatus.FAILED,
    RunStatus.INTERRUPTED: MessageStatus.INTERRUPTED,
}
WHERE_AN_AGENT_IS = ("kind", "webhook_url")


@receiver(run_saved)
def record_answer(event: RunSaved, **kwargs: Any) -> None:
    """Write the run's text and state into its message; what has ended is never written over by progress."""
    changes: dict[str, Any] = {"status": STATUS_OF_RUN[event.status], "error_code": event.error_code}
    if event.text is not None:
        changes |= {"content": event.text, "revision": event.revision}
    messages = Message.objects.filter(run_id=event.run_id)
    if event.notices is not None:
        changes["notices"] = event.notices
    elif event.status != RunStatus.RUNNING:  # its process died, and nothing of what it told goes on
        kept = messages.values_list("notices", flat=True).first() or []
        changes["notices"] = [notice | {"done": True} for notice in kept]
    if event.status == RunStatus.RUNNING:
        messages = messages.filter(status=MessageStatus.STREAMING)
    messages.update(**changes)
    if event.conversation_id is not None:
        # Afterwards, since whoever deletes the agent holds its chats and then wants the run, which is held here.
        conversation_id = event.conversation_id
        transaction.on_commit(lambda: _keep_conversation(event.run_id, conversation_id), robust=True)


def _keep_conversation(run_id: UUID, conversation_id: str) -> None:
    """Keep what the agent's side calls the conversation, unless the agent has moved since the run began."""
    answer = find(Message.objects.select_related("run__version", "chat__agent"), run_id=run_id)
    agent = answer.chat.agent if answer is not None else None
    if answer is None or agent is None or answer.chat.conversation_id == conversation_id:
        return
    version = answer.run.version if answer.run is not None else None
    if version is None or all(version.settings[name] == getattr(agent, name) for name in WHERE_AN_AGENT_IS):
        Chat.objects.filter(id=answer.chat_id, agent=agent).update(conversation_id=conversation_id)


@receiver(agent_moved)
def forget_conversations(event: AgentMoved, **kwargs: Any) -> None:
    """Forget what an agent's side called its conversations: where it goes, nobody knows them."""
    chats = Chat.objects.filter(agent_id=event.agent_id).exclude(conversation_id="")
    list(chats.select_for_update().order_by("id").values_list("id"))
    chats.update(conversation_id="")


@receiver(pre_delete, sender=User)
def let_go_of_person(instance: User, **kwargs: Any) -> None:
    """Delete a person's chats, each held first, before their own row is touched.

    A message on its way is then said before, or finds no chat; otherwise its rows would keep the person from going.
    So would what they say or read in a colleague's chat: those are held as well, and at last their own row, which
    whoever is about to let them into a chat needs. An answer on its way holds its run and then wants the message, so
    the runs are held before the messages go.
    """
    let_in = Exists(ChatMember.objects.filter(chat=OuterRef("pk"), user=instance))
    held = Chat.objects.filter(Q(user=instance) | let_in).select_for_update().order_by("id")
    list(held.values_list("id"))
    live = Run.objects.filter(user=instance, status=RunStatus.RUNNING)
    list(live.select_for_update(no_key=True).values_list("id"))
    Chat.objects.filter(user=instance).delete()
    list(User.objects.filter(id=instance.id).select_for_update().values_list("id"))


@receiver(pre_delete, sender=Agent)
def let_go_of_agent(instance: Agent, **kwargs: Any) -> None:
    """Take the agent out of its chats before its own row is touched.

    A message holds its chat first and then needs the agent; a deletion that began with the agent would meet it
    head-on.
    """
    chats = Chat.objects.filter(agent=instance)
    list(chats.select_for_update().order_by("id").values_list("id"))
    chats.update(agent=None)
