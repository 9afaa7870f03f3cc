"""A table between being sent and being confirmed."""

from django.db import models
from django.utils import timezone

from benchsessions.models.people import Analyst
from benchsessions.models.questions import QuestionSet
from tenants.constraints import SameTeam
from tenants.models import TenantModel


class Upload(TenantModel):
    """A table that somebody looks at before they take it over; see `benchsessions.uploads` for how long it is kept.

    A row, since the next request may reach another process. `data` is the table as it was read from the file `name`.
    `question_set` is the set it brings a new version of.
    """

    owner = models.ForeignKey(Analyst, on_delete=models.CASCADE, related_name="+")
    question_set = models.ForeignKey(QuestionSet, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=200)
    data = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            SameTeam(field="owner", name="upload_owner_same_team"),
            SameTeam(field="question_set", name="upload_set_same_team"),
        ]
        indexes = [models.Index(fields=["team", "created_at"], name="upload_by_time")]

    def __str__(self) -> str:
        return self.name
