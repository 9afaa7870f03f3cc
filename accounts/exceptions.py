"""Refusals of signing in and registering."""

from collections.abc import Sequence

from tenants.exceptions import Conflict, Forbidden, NotFound, NotSignedIn
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


class ScopeRequired(Forbidden):
    code = "SCOPE_REQUIRED"

    def __init__(self, scope: str | None) -> None:
        super().__init__(f"This API key lacks the scope {scope}." if scope else "This is not open to API keys.")


class TierRequired(Forbidden):
    code = "TIER_REQUIRED"
    sentence = "You have no tier that allows calls of agents. Ask the operator for one."


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


class TeamFull(Forbidden):
    code = "TEAM_FULL"
    sentence = "This team has as many people as it may have."


class EmailTaken(Conflict):
    code = "EMAIL_TAKEN"
    sentence = "Somebody of this team already uses this e-mail."
