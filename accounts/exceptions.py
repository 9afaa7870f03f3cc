"""Refusals of signing in and registering."""

from collections.abc import Sequence

from django.utils.translation import gettext

from tenants.exceptions import Conflict, Forbidden, NotFound, NotSignedIn, ParleyError
from tenants.models import Team


class BadCredentials(NotSignedIn):
    code = "BAD_CREDENTIALS"
    sentence = "The e-mail or the password is wrong."


class BadToken(NotSignedIn):
    code = "BAD_TOKEN"
    sentence = "The token is not valid or has expired. Sign in again."


class BadKey(NotSignedIn):
    code = "BAD_API_KEY"
    sentence = "The API key is not valid, has expired or was revoked."


class BadSignature(NotSignedIn):
    code = "BAD_SIGNATURE"
    sentence = "The signature of the request is missing, wrong, too old or was used before."


class ScopeRequired(Forbidden):
    code = "SCOPE_REQUIRED"

    def __init__(self, scope: str | None) -> None:
        lacking = gettext("This API key lacks the scope %(scope)s.") % {"scope": scope}
        super().__init__(lacking if scope else gettext("This is not open to API keys."))


class TierRequired(Forbidden):
    code = "TIER_REQUIRED"
    sentence = "You have no tier that allows calls of agents. Ask the operator for one; team admins cannot give it."


class TooManyKeys(Conflict):
    code = "TOO_MANY_KEYS"
    sentence = "You have as many API keys as you may have. Revoke one first."


class TeamRequired(Conflict):
    code = "TEAM_REQUIRED"
    sentence = "This e-mail has an account in several teams. Say which team."

    def __init__(self, teams: Sequence[Team]) -> None:
        super().__init__(extra={"teams": [{"name": team.name, "slug": team.slug} for team in teams]})
        self.teams = teams


class UnknownTeam(NotFound):
    code = "TEAM_NOT_FOUND"
    sentence = "There is no such team."


class RegistrationClosed(Forbidden):
    code = "REGISTRATION_CLOSED"
    sentence = "This team takes new people by invitation only."


class InvitationInvalid(Forbidden):
    code = "INVITATION_INVALID"
    sentence = "This invitation is not valid, has expired, was used or was withdrawn. Ask for a new one."


class ResetLinkInvalid(Forbidden):
    code = "RESET_LINK_INVALID"
    sentence = "This link is not valid, has expired or was used. Ask for a new one."


class LastAdmin(Conflict):
    code = "LAST_ADMIN"
    sentence = "A team needs at least one active admin."


class TeamFull(Forbidden):
    code = "TEAM_FULL"
    sentence = "This team has as many people as it may have."


class EmailTaken(Conflict):
    code = "EMAIL_TAKEN"
    sentence = "Somebody of this team already uses this e-mail."


class EmailNotVerified(Forbidden):
    code = "EMAIL_NOT_VERIFIED"
    sentence = "The identity provider has not verified this e-mail yet."


class AccountInactive(Forbidden):
    code = "ACCOUNT_INACTIVE"
    sentence = "This account was deactivated. Ask an admin of the team."


class IdentityProviderUnavailable(ParleyError):
    status = 503
    code = "IDENTITY_PROVIDER_UNAVAILABLE"
    sentence = "The identity provider cannot be asked for its keys right now. Try again in a moment."
