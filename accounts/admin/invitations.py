"""The admin's page of invitations."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import audit
from accounts.actions import invitations
from accounts.models import Invitation, User
from tenants.admin import ReadOnlyAdmin, TenantAdmin
from tenants.exceptions import NotFound
from tenants.scope import current_scope, tenant_scope


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin, TenantAdmin):
    """Invitations, which team admins send from the page of their people; open ones can be withdrawn."""

    list_display = ["__str__", "role", "inviter", "created_at", "expires_at", "joined", "accepted_at", "revoked_at"]
    list_filter = ["role", "created_at", "expires_at", "accepted_at", "revoked_at"]
    list_select_related = ["invited_by", "accepted_by"]
    search_fields = ["email", "accepted_by__email"]
    date_hierarchy = "created_at"
    secret_fields = frozenset({"token_hash"})
    fields = ["email", "role", "inviter", "created_at", "expires_at", "joined", "accepted_at", "revoked_at"]
    actions = ["withdraw"]

    @admin.display(description="invited by", ordering="invited_by__email")
    def inviter(self, invitation: Invitation) -> str | None:
        return _shown(invitation.invited_by)

    @admin.display(description="who joined", ordering="accepted_by__email")
    def joined(self, invitation: Invitation) -> str | None:
        return _shown(invitation.accepted_by)

    @admin.action(description="Withdraw the selected invitations")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        withdrawn = sum(_withdrawn(invitation) for invitation in queryset)
        self.message_user(request, f"Withdrawn: {withdrawn}.", messages.SUCCESS)


def _shown(person: User | None) -> str | None:
    if person is None:
        return None
    return person.email if current_scope().is_wide else audit.name_of(person)


def _withdrawn(invitation: Invitation) -> bool:
    """Withdraw an invitation in its own team, which an operator's scope does not name."""
    try:
        with tenant_scope(invitation.team_id):
            invitations.withdraw(invitation_id=invitation.id)
    except NotFound:  # it is no longer open
        return False
    return True
