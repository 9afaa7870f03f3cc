"""What chats do when something happens to a run or an agent: the ears of the chats."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from accounts.models import User
from agents.events import RunSaved, run_saved
from agents.models import Agent, RunStatus
from chats.models import Chat, Message, MessageStatus

STATUS_OF_RUN = {
    RunStatus.RUNNING: MessageStatus.STREAMING,
    RunStatus.COMPLETE: MessageStatus.COMPLETE,
    RunStatus.STOPPED: MessageStatus.STOPPED,
    RunStatus.FAILED: MessageStatus.FAILED,
    RunStatus.INTERRUPTED: MessageStatus.INTERRUPTED,
}


@receiver(run_saved)
def record_answer(event: RunSaved, **kwargs: Any) -> None:
    """Write the run's text and state into its message; what has ended is never written over by progress."""
    changes: dict[str, Any] = {"status": STATUS_OF_RUN[event.status], "error_code": event.error_code}
    if event.text is not None:
        changes |= {"content": event.text, "revision": event.revision}
    messages = Message.objects.filter(run_id=event.run_id)
    if event.status == RunStatus.RUNNING:
        messages = messages.filter(status=MessageStatus.STREAMING)
    messages.update(**changes)


@receiver(pre_delete, sender=User)
def let_go_of_person(instance: User, **kwargs: Any) -> None:
    """Delete a person's chats, each held first, before their own row is touched.

    A message on its way is then said before, or finds no chat; otherwise its rows would keep the person from going.
    """
    chats = Chat.objects.filter(user=instance)
    list(chats.select_for_update().order_by("id").values_list("id"))
    chats.delete()


@receiver(pre_delete, sender=Agent)
def let_go_of_agent(instance: Agent, **kwargs: Any) -> None:
    """Take the agent out of its chats before its own row is touched.

    A message holds its chat first and then needs the agent; a deletion that began with the agent would meet it
    head-on.
    """
    chats = Chat.objects.filter(agent=instance)
    list(chats.select_for_update().order_by("id").values_list("id"))
    chats.update(agent=None)
