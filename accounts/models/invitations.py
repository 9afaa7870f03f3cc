"""Invitations to a team."""

from django.db import models

from accounts.models.people import Role, User
from tenants.constraints import SameTeam
from tenants.models import TenantModel


class Invitation(TenantModel):
    """A link that lets one person into the team, once, until it expires. Only a keyed hash of its token is kept."""

    email = models.EmailField(max_length=254, blank=True, help_text="Empty: whoever has the link.")
    role = models.CharField(max_length=10, choices=Role, default=Role.USER)
    token_hash = models.CharField(max_length=64)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "token_hash"], name="invitation_token_in_team"),
            SameTeam(field="invited_by", name="invitation_invited_by_same_team"),
            SameTeam(field="accepted_by", name="invitation_accepted_by_same_team"),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.email or 'whoever has the link'}"
