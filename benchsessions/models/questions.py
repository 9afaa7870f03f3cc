"""Named sets of questions, in versions."""

from typing import Final

from django.db import models
from django.utils import timezone

from benchsessions.models.people import Analyst
from tenants.constraints import SameTeam
from tenants.models import TenantModel

NAME_CHARS: Final = 200


class QuestionSet(TenantModel):
    """A set of questions under one name."""

    name = models.CharField(max_length=NAME_CHARS)
    description = models.TextField(blank=True, max_length=2000)
    created_by = models.ForeignKey(Analyst, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    is_archived = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="questionset_team_key"),
            models.UniqueConstraint(fields=["team", "name"], name="questionset_name"),
            SameTeam(field="created_by", name="questionset_creator_same_team"),
        ]

    def __str__(self) -> str:
        return self.name


class QuestionSetVersion(TenantModel):
    """The questions of a set from one change to the next; frozen by its first use: a change makes another version."""

    question_set = models.ForeignKey(QuestionSet, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    n_questions = models.PositiveIntegerField(default=0)
    frozen_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(Analyst, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="questionsetversion_team_key"),
            models.UniqueConstraint(fields=["team", "question_set", "number"], name="questionsetversion_number"),
            SameTeam(field="question_set", name="questionsetversion_set_same_team"),
            SameTeam(field="created_by", name="questionsetversion_creator_same_team"),
        ]

    def __str__(self) -> str:
        return f"{self.question_set}, version {self.number}"


class Question(TenantModel):
    """One question, and what a good answer to it has."""

    version = models.ForeignKey(QuestionSetVersion, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveIntegerField()
    external_id = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    with_docs = models.BooleanField(default=True)
    reference_answer = models.TextField(blank=True)
    expected_documents = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["team", "version", "position"], name="question_position"),
            SameTeam(field="version", name="question_version_same_team"),
        ]

    def __str__(self) -> str:
        return self.body[:80]
