"""People of the teams."""

import unicodedata
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction
from django.utils.crypto import salted_hmac

from accounts.models.tiers import NO_TIER, Tier
from tenants.managers import TenantManager
from tenants.models import Team, TenantModel
from tenants.scope import tenant_scope

OPERATORS_SLUG = "operators"


class Role(models.TextChoices):
    """What a person may do in their team."""

    USER = "user", "Member"
    ADMIN = "admin", "Team admin"


def normalise_email(email: str) -> str:
    """Return the one spelling an address is stored and compared in (NFKC, lower case)."""
    return unicodedata.normalize("NFKC", email).strip().lower()


class UserManager(TenantManager["User"]):
    """People of the team in scope."""

    def create_user(self, *, email: str, password: str | None, **fields: Any) -> "User":
        """Add a person to the team in scope."""
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save()
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Add an operator of the installation; operators are a team of their own."""
        team, _ = Team.objects.get_or_create(slug=OPERATORS_SLUG, defaults={"name": "Operators"})
        with tenant_scope(team.id):
            return self.create_user(email=email, password=password, role=Role.ADMIN, is_superuser=True, **fields)


class User(AbstractBaseUser, TenantModel):
    """A person in one team. The same address in another team is another account."""

    email = models.EmailField(max_length=254)
    email_unverified = models.BooleanField(
        default=False, help_text="Somebody said that the address is theirs, and nobody has vouched for it."
    )
    full_name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.USER)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, default=NO_TIER, related_name="+")
    avatar = models.TextField(null=True, blank=True)  # noqa: DJ001 - the contract answers null for none
    preferences = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    is_superuser = models.BooleanField("operator", default=False, help_text="May see every team in the admin.")
    session_epoch = models.PositiveIntegerField(default=0, editable=False)  # a new one ends every page session
    last_login = models.DateTimeField("last sign-in", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta(TenantModel.Meta):
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="user_team_key"),
            models.UniqueConstraint(fields=["team", "email"], name="user_email_in_team"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Hold page sessions to the password and the epoch they were opened with."""
        salt = "accounts.models.people.User.session"
        return salted_hmac(salt, f"{self.password}:{self.session_epoch}", secret, algorithm="sha256").hexdigest()

    @property
    def is_team_admin(self) -> bool:
        """Tell whether the person manages the team."""
        return self.role == Role.ADMIN

    @property
    def is_staff(self) -> bool:
        """Tell whether the person may use the admin (Django's name for it)."""
        return self.is_active and (self.is_team_admin or self.is_superuser)

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Answer Django's admin; which rows and fields is decided by the admin classes."""
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff
