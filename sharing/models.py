"""Share links, and whom they let in: a participant is a lease on a place in the room."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import models
from django.utils import timezone

from accounts.models import User
from chats.models import GUEST_NAME_CHARS, Chat
from sharing.tokens import ShareToken
from tenants.constraints import SameTeam
from tenants.models import TenantModel
from tenants.secrets import UnreadableSecret, seal, unseal

TITLE_CHARS: Final = 200
DESCRIPTION_CHARS: Final = 1000
MAX_DAYS: Final = 365
MAX_PEOPLE: Final = 1000
MAX_MESSAGES: Final = 10_000


class Ending(models.TextChoices):
    """Why a room is closed."""

    REVOKED = "revoked", "This link was revoked."
    ON_HOLD = "on_hold", "This link is closed for now."
    EXPIRED = "expired", "This link has expired."
    DELETED = "deleted", "This chat was deleted."

    @property
    def reason(self) -> str:
        """What programs are told, to whom a link on hold is as good as revoked."""
        return str(Ending.REVOKED if self is Ending.ON_HOLD else self)


class Share(TenantModel):
    """A link that lets strangers into one chat for a while.

    The token is looked up by a keyed hash. It is also kept sealed, so that its owner can copy the link again: neither
    opens a room without the keys of the environment.
    """

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="shares")
    token_hash = models.CharField(max_length=64, editable=False)
    sealed_token = models.TextField(editable=False)
    title = models.CharField(max_length=TITLE_CHARS, blank=True)
    description = models.CharField(max_length=DESCRIPTION_CHARS, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    max_concurrent_users = models.PositiveIntegerField("people at once", default=10)
    can_write = models.BooleanField("visitors may take part", default=True)
    can_fork = models.BooleanField("visitors may copy the conversation", default=False)
    asks_name = models.BooleanField("ask for a name", default=False)
    password_hash = models.CharField(max_length=200, blank=True, editable=False)
    from_position = models.PositiveIntegerField(default=1, help_text="The first message that visitors see.")
    max_messages = models.PositiveIntegerField("messages in all", default=200)
    messages_sent = models.PositiveIntegerField(default=0, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="share_team_key"),
            models.UniqueConstraint(fields=["team", "token_hash"], name="share_token_once"),
            SameTeam(field="chat", name="share_chat_same_team"),
            SameTeam(field="revoked_by", name="share_revoker_same_team"),
        ]
        indexes = [models.Index(fields=["team", "chat", "-created_at"], name="shares_of_chat")]

    def __str__(self) -> str:
        return self.title or str(self.chat)

    @property
    def token(self) -> str:
        """The token in clear, for whoever may copy the link."""
        return unseal(self.sealed_token, place=self._token_place)

    @token.setter
    def token(self, text: str) -> None:
        self.sealed_token = seal(text, place=self._token_place)
        self.token_hash = ShareToken.parse(text).hash

    @property
    def shown_token(self) -> str:
        """The same, but empty where its key is lost: such a link opens its room still, and must be seen and revoked."""
        try:
            return self.token
        except UnreadableSecret:
            return ""

    @property
    def link(self) -> str:
        """The address of the room, for whoever may hand it out; empty where its key is lost."""
        token = self.shown_token
        return f"{settings.BASE_URL}/share/{token}" if token else ""

    @property
    def _token_place(self) -> str:
        return f"{self.team_id}|sharing.Share|{self.pk}|token"

    @property
    def ending(self) -> Ending | None:
        """Why the room is closed; None while it is open.

        A team that was closed or allows no sharing, and a person who left, put it on hold. Load it with `chat__user`
        and `team`.
        """
        if self.revoked_at is not None:
            return Ending.REVOKED
        if not self._is_vouched_for:
            return Ending.ON_HOLD
        return Ending.EXPIRED if self.expires_at <= timezone.now() else None

    @property
    def state(self) -> str:
        """How the link stands, for its owner and admins; on hold while its team or its person are to blame."""
        if self.is_over:
            return "Expired" if self.revoked_at is None else "Revoked"
        return "Open" if self._is_vouched_for else "On hold"

    @property
    def is_over(self) -> bool:
        """Tell whether it was revoked or has expired; a link on hold is not over."""
        return self.revoked_at is not None or self.expires_at <= timezone.now()

    @property
    def _is_vouched_for(self) -> bool:
        return self.team.is_active and self.team.allows_sharing and self.chat.user.is_active

    @property
    def messages_left(self) -> int:
        """How many messages its visitors may still send."""
        return max(self.max_messages - self.messages_sent, 0)

    def has_password(self, password: str) -> bool:
        """Tell whether it is the link's password; a link without one takes any."""
        return not self.password_hash or check_password(password, self.password_hash)


class Participant(TenantModel):
    """Somebody whom a link let in, or who waits for a place; also the link's access log.

    They are in the room while `joined_at` is set, `left_at` is not and the lease lasts, and wait in line while
    `joined_at` is not set either. Whoever lost their place may wait again, so the log has a `came_at` of its own.
    Only a keyed hash of their token is kept.
    """

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="participants")
    token_hash = models.CharField(max_length=64, editable=False)
    name = models.CharField(max_length=GUEST_NAME_CHARS, blank=True)
    address_prefix = models.CharField(max_length=50, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    joined_at = models.DateTimeField(null=True, blank=True)
    came_at = models.DateTimeField("first came in", null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField()
    messages_sent = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "share", "token_hash"], name="participant_token_once"),
            SameTeam(field="share", name="participant_share_same_team"),
        ]
        indexes = [models.Index(fields=["team", "share", "lease_until"], name="participants_alive")]

    def __str__(self) -> str:
        return self.name or "Guest"

    @property
    def is_in(self) -> bool:
        """Tell whether they hold a place right now."""
        return self.joined_at is not None and self.is_alive

    @property
    def is_alive(self) -> bool:
        """Tell whether they are in or wait in line right now."""
        return self.left_at is None and self.lease_until > timezone.now()

    @property
    def gone_at(self) -> datetime | None:
        """When they went, or were last heard of, or saw the room close; None while they are there or wait."""
        now = timezone.now()
        ends = (self.left_at, self.lease_until, self.share.revoked_at, self.share.expires_at)
        last = min(moment for moment in ends if moment is not None)
        return min(last, now) if last <= now or self.share.ending else None
