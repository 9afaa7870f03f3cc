"""A session: the questions put to one environment at one time, and what was answered."""

from typing import ClassVar, Final

from django.db import models
from django.utils import timezone
from django.utils.translation import ngettext

from benchsessions.models.encoding import PlainEncoder
from benchsessions.models.people import Analyst
from benchsessions.models.questions import QuestionSetVersion
from benchsessions.models.targets import ApiMode, Environment
from tenants.constraints import SameTeam
from tenants.managers import TenantManager, TenantQuerySet
from tenants.models import TenantModel

RATING_CHARS: Final = 64


class SessionManager(TenantManager["BenchSession"]):
    """Sessions without what could not be laid beside their questions, which may be large."""

    def get_queryset(self) -> TenantQuerySet["BenchSession"]:
        return super().get_queryset().defer("raw_response")


class ItemManager(TenantManager["Item"]):
    """Items without what was sent and answered, which may be large; ask for it with `defer(None)`."""

    def get_queryset(self) -> TenantQuerySet["Item"]:
        return super().get_queryset().defer("request", "answer")


class BenchSession(TenantModel):
    """One row a session; its questions and answers are `Item`s, its verdicts `Annotation`s.

    Every write to anything of a session first locks this row (`benchsessions.locking`), so `version` and the counts
    are exact. `response_frame` is what stood around the list of answers, `{"key": …, "rest": {…}}`, None while there
    is no response; one that could not be laid beside its questions is kept whole in `raw_response`.
    """

    owner = models.ForeignKey(Analyst, on_delete=models.CASCADE, related_name="sessions")
    title = models.CharField(max_length=200, blank=True)
    environment = models.CharField(max_length=10, choices=Environment)
    api_mode = models.CharField(max_length=10, choices=ApiMode)
    question_set_version = models.ForeignKey(
        QuestionSetVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="sessions"
    )
    settings_snapshot = models.JSONField(default=dict, help_text="How the environment was asked, without any secret.")
    response_frame = models.JSONField(null=True)
    raw_response = models.JSONField(null=True, encoder=PlainEncoder)
    is_misaligned = models.BooleanField(default=False)
    replaced_characters = models.PositiveIntegerField(default=0)
    n_questions = models.PositiveIntegerField(default=0)
    n_answered = models.PositiveIntegerField(default=0)
    n_failed = models.PositiveIntegerField(default=0)
    n_skipped = models.PositiveIntegerField(default=0)
    n_rated = models.PositiveIntegerField(default=0)
    n_correct = models.PositiveIntegerField(default=0)
    n_partly = models.PositiveIntegerField(default=0)
    n_incorrect = models.PositiveIntegerField(default=0)
    n_not_applicable = models.PositiveIntegerField(default=0)
    n_flagged = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SessionManager] = SessionManager()

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="benchsession_team_key"),
            SameTeam(field="owner", name="benchsession_owner_same_team"),
            SameTeam(field="question_set_version", name="benchsession_set_same_team"),
        ]
        indexes = [
            models.Index(fields=["team", "owner", "environment", "-created_at", "-id"], name="benchsession_of_owner"),
            models.Index(fields=["team", "-created_at", "-id"], name="benchsession_by_time"),
        ]

    @property
    def is_unlaid(self) -> bool:
        """Tell whether a client's response stands beside no question; one that came to a run marks its own missing."""
        return self.is_misaligned and not self.n_answered + self.n_failed + self.n_skipped

    def __str__(self) -> str:
        return self.title or self._untitled()

    def _untitled(self) -> str:
        """Name a session without a title; without a clock, which each reader has another of."""
        words = ngettext(
            "%(environment)s, %(date)s, %(n)d question", "%(environment)s, %(date)s, %(n)d questions", self.n_questions
        )
        date = f"{self.created_at:%Y-%m-%d}"
        return words % {"environment": self.get_environment_display(), "date": date, "n": self.n_questions}


class ItemStatus(models.TextChoices):
    """How the answer to one question stands."""

    PENDING = "pending", "Not asked yet"
    OK = "ok", "Answered"
    ERROR = "error", "Error"
    TIMEOUT = "timeout", "No answer in time"
    SKIPPED = "skipped", "Skipped"
    MISSING = "missing", "No answer came"


FAILED: Final = (ItemStatus.ERROR, ItemStatus.TIMEOUT, ItemStatus.MISSING)


class Item(TenantModel):
    """One question of a session with its answer.

    `request` and `answer` are kept as they came; what stands beside them was read from them (`benchsessions.answers`).
    `answer_position` is the answer's place in the list it came in, None while there is none. `is_due` says that a run
    still has to ask it. `verdict` is the rating that counts: the one decided, else the latest but second opinions.
    `previous` is the same question in the latest earlier session of the environment.
    """

    session = models.ForeignKey(BenchSession, on_delete=models.CASCADE, related_name="items")
    index = models.PositiveIntegerField()
    request = models.JSONField(encoder=PlainEncoder)
    question = models.TextField()
    question_key = models.CharField(max_length=64)
    reference = models.JSONField(default=dict, encoder=PlainEncoder)
    answer = models.JSONField(null=True, encoder=PlainEncoder)
    answer_position = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=10, choices=ItemStatus, default=ItemStatus.PENDING)
    answer_hash = models.CharField(max_length=64, blank=True)
    elapsed_ms = models.PositiveIntegerField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    answered_at = models.DateTimeField(null=True)
    is_due = models.BooleanField(default=False)
    previous = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    is_changed = models.BooleanField(default=False, help_text="The answer differs from the previous one.")
    verdict = models.CharField(max_length=RATING_CHARS, blank=True)
    is_disputed = models.BooleanField(default=False, help_text="People rated it differently.")
    decided_rating = models.CharField(max_length=RATING_CHARS, blank=True)
    decided_by = models.ForeignKey(Analyst, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    is_flagged = models.BooleanField(default=False)

    objects: ClassVar[ItemManager] = ItemManager()

    class Meta(TenantModel.Meta):
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="item_team_key"),
            models.UniqueConstraint(fields=["team", "session", "index"], name="item_index"),
            SameTeam(field="session", name="item_session_same_team"),
            SameTeam(field="previous", name="item_previous_same_team"),
            SameTeam(field="decided_by", name="item_decider_same_team"),
        ]
        indexes = [
            models.Index(fields=["team", "question_key"], name="item_by_question"),
            models.Index(fields=["team", "session"], condition=models.Q(is_due=True), name="item_due"),
        ]

    def __str__(self) -> str:
        return f"#{self.index + 1} {self.question[:80]}"
