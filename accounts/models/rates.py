"""Counters of tries."""

import uuid

from django.db import models


class RateWindow(models.Model):
    """How many tries one key (an address, an account) made since a moment; see `accounts.limits`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=100, unique=True)
    started_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
