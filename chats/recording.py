"""Keep the text of a run in its message: the chats' ear for the events of runs."""

from typing import Any

from django.dispatch import receiver

from agents.events import RunSaved, run_saved
from agents.models import RunStatus
from chats.models import Message, MessageStatus

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
