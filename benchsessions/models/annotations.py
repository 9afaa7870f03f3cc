"""Verdicts of people on answers."""

from typing import Final

from django.db import models
from django.utils import timezone

from benchsessions.models.encoding import PlainEncoder
from benchsessions.models.people import Analyst
from benchsessions.models.sessions import RATING_CHARS, BenchSession, Item
from tenants.constraints import SameTeam
from tenants.models import TenantModel

FLAG_CHARS: Final = 4000


class Annotation(TenantModel):
    """What one person says of one answer: section → `rating`, `issues`, `comment`, and whatever a client added.

    A row is never deleted, only emptied (None), so that its version grows for good. `rating` is read from `data`.
    """

    session = models.ForeignKey(BenchSession, on_delete=models.CASCADE, related_name="annotations")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="annotations")
    author = models.ForeignKey(Analyst, on_delete=models.CASCADE, related_name="+")
    data = models.JSONField(null=True, encoder=PlainEncoder)
    rating = models.CharField(max_length=RATING_CHARS, blank=True)
    rated_at = models.DateTimeField(null=True)
    is_second = models.BooleanField(default=False, help_text="A second opinion, which counts only when decided upon.")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="annotation_team_key"),
            models.UniqueConstraint(fields=["team", "item", "author"], name="annotation_of_author"),
            SameTeam(field="session", name="annotation_session_same_team"),
            SameTeam(field="item", name="annotation_item_same_team"),
            SameTeam(field="author", name="annotation_author_same_team"),
        ]
        indexes = [models.Index(fields=["team", "session", "author"], name="annotation_of_session")]

    def __str__(self) -> str:
        return f"{self.author} on {self.item}"


class AnnotationRevision(TenantModel):
    """What an annotation said in one of its versions; append-only."""

    annotation = models.ForeignKey(Annotation, on_delete=models.CASCADE, related_name="revisions")
    version = models.PositiveIntegerField()
    data = models.JSONField(null=True, encoder=PlainEncoder)
    at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["team", "annotation", "version"], name="revision_version"),
            SameTeam(field="annotation", name="revision_annotation_same_team"),
        ]

    def __str__(self) -> str:
        return f"Version {self.version}"


class Flag(TenantModel):
    """An answer to discuss, and why; flagged while one is not resolved."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="flags")
    author = models.ForeignKey(Analyst, on_delete=models.SET_NULL, null=True, related_name="+")
    comment = models.TextField(blank=True, max_length=FLAG_CHARS)
    created_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(Analyst, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "id"]
        constraints = [
            SameTeam(field="item", name="flag_item_same_team"),
            SameTeam(field="author", name="flag_author_same_team"),
            SameTeam(field="resolved_by", name="flag_resolver_same_team"),
        ]
        indexes = [models.Index(fields=["team", "item"], name="flag_of_item")]

    def __str__(self) -> str:
        return f"Flag on {self.item}"


class SecondOpinion(TenantModel):
    """Somebody who was asked to judge a session without seeing what others said of an answer before they have.

    `every` says of how many questions one is theirs to judge: 1 is all of them.
    """

    session = models.ForeignKey(BenchSession, on_delete=models.CASCADE, related_name="second_opinions")
    reviewer = models.ForeignKey(Analyst, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(Analyst, on_delete=models.SET_NULL, null=True, related_name="+")
    every = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "session", "reviewer"], name="secondopinion_once"),
            SameTeam(field="session", name="secondopinion_session_same_team"),
            SameTeam(field="reviewer", name="secondopinion_reviewer_same_team"),
            SameTeam(field="asked_by", name="secondopinion_asker_same_team"),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} on {self.session}"
