"""Chats and their messages; a message is a row of its own, so that writers never overwrite each other."""

from typing import ClassVar, Final

from django.db import models
from django.utils import timezone

from accounts.models import User
from agents.models import Agent, Run
from tenants.constraints import SameTeam
from tenants.managers import TenantManager, TenantQuerySet
from tenants.models import TenantModel

GUEST_NAME_CHARS: Final = 60


class Chat(TenantModel):
    """A person's conversation with an agent; it outlives the agent."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="chats")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="chats")
    title = models.CharField(max_length=200, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    conversation_id = models.CharField(
        max_length=300, blank=True, editable=False, help_text="What the agent's own side calls this conversation."
    )
    is_archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="chat_team_key"),
            SameTeam(field="user", name="chat_user_same_team"),
            SameTeam(field="agent", name="chat_agent_same_team"),
        ]
        indexes = [models.Index(fields=["team", "user", "-updated_at", "-id"], name="chat_by_activity")]

    shown_messages: list["Message"]  # where a view wants them beside the chat

    def __str__(self) -> str:
        return self.title or "New chat"


class ChatMember(TenantModel):
    """A colleague whom a chat's person let into it; the person themself is not listed."""

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    can_write = models.BooleanField("may take part", default=False)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "chat", "user"], name="chat_member_once"),
            SameTeam(field="chat", name="chatmember_chat_same_team"),
            SameTeam(field="user", name="chatmember_user_same_team"),
        ]
        indexes = [models.Index(fields=["team", "user"], name="chats_shared_with")]

    def __str__(self) -> str:
        return f"{self.user} in {self.chat}"


class ReadMarker(TenantModel):
    """How far somebody has read a chat: up to the message at `position`."""

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="read_markers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["team", "chat", "user"], name="read_marker_once"),
            SameTeam(field="chat", name="readmarker_chat_same_team"),
            SameTeam(field="user", name="readmarker_user_same_team"),
        ]

    def __str__(self) -> str:
        return f"{self.user} up to {self.position}"


class MessageRole(models.TextChoices):
    """Who speaks."""

    USER = "user", "Person"
    ASSISTANT = "assistant", "Agent"


class MessageStatus(models.TextChoices):
    """How a message stands; all but `streaming` are final."""

    COMPLETE = "complete", "Complete"
    STREAMING = "streaming", "Being written"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


class Message(TenantModel):
    """One thing said in a chat, in the order of `position` (from 1).

    `author` is a person of the team; a guest, let in by a share link, is named as they named themself.

    An answer is made together with its run and grows until the run ends; `content` is then at most a few seconds
    behind the live text.
    """

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    guest_id = models.UUIDField(null=True, blank=True, editable=False, help_text="Which visitor of a share link.")
    guest_name = models.CharField(max_length=GUEST_NAME_CHARS, blank=True, editable=False)
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="messages")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=20, choices=MessageRole)
    content = models.TextField(blank=True)
    notices = models.JSONField(default=list, blank=True, help_text="Tools, reasoning and sources beside an answer.")
    revision = models.PositiveIntegerField(default=0, help_text="How often the agent replaced the whole text.")
    status = models.CharField(max_length=20, choices=MessageStatus, default=MessageStatus.COMPLETE)
    error_code = models.CharField(max_length=40, blank=True)
    timestamp = models.DateTimeField(default=timezone.now)

    read_by: str = ""  # whose reading ends here, where a page says so

    class Meta(TenantModel.Meta):
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="message_team_key"),
            models.UniqueConstraint(fields=["team", "chat", "position"], name="message_position_in_chat"),
            models.UniqueConstraint(
                fields=["team", "chat"],
                condition=models.Q(status="streaming"),
                name="one_live_answer_per_chat",
            ),
            SameTeam(field="chat", name="message_chat_same_team"),
            SameTeam(field="author", name="message_author_same_team"),
            SameTeam(field="run", name="message_run_same_team"),
        ]
        indexes = [models.Index(fields=["team", "run"], name="message_by_run")]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.content[:40]}"

    @property
    def files(self) -> list["Attachment"]:
        """The files that came with a question, without their bytes; an answer has none and asks for none."""
        return [*self.attachments.all()] if self.role == MessageRole.USER else []


class AttachmentManager(TenantManager["Attachment"]):
    """Leave the bytes in the database until they are asked for: lists, pages and deletions need none."""

    def get_queryset(self) -> TenantQuerySet["Attachment"]:
        return super().get_queryset().defer("data")


class Attachment(TenantModel):
    """A file that came with a message; `media_type` was found by its content, never believed."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    data = models.BinaryField()

    objects: ClassVar[AttachmentManager] = AttachmentManager()

    class Meta(TenantModel.Meta):
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["team", "message", "position"], name="attachment_position"),
            SameTeam(field="message", name="attachment_message_same_team"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")


class IdempotencyKey(TenantModel):
    """A key a client gave to one message, kept for a day, so that a repeat finds the first answer."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="+")
    answer = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["team", "user", "chat", "key"], name="idempotency_key_once"),
            SameTeam(field="user", name="idempotency_user_same_team"),
            SameTeam(field="chat", name="idempotency_chat_same_team"),
            SameTeam(field="answer", name="idempotency_answer_same_team"),
        ]

    def __str__(self) -> str:
        return self.key
