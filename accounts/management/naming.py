"""What operators name on the command line, or the sentence that it is not there."""

from django.core.management.base import CommandError

from accounts import queries
from accounts.models import Tier, User
from tenants.exceptions import ParleyError
from tenants.managers import find
from tenants.models import Team


def named_team(name: str) -> Team:
    """Return the team with a slug or an id."""
    team = queries.team_named(name)
    if team is None:
        raise CommandError(f"There is no team {name!r}.")
    return team


def named_person(email: str, team: Team) -> User:
    """Return the active person of an active team with an e-mail."""
    found = queries.accounts_named(email=email, team=team.slug)
    if not found:
        raise CommandError(f"The team {team.slug!r} has no active person with the e-mail {email}.")
    return found[0]


def named_tier(name: str) -> Tier:
    """Return the tier with a name."""
    tier = find(Tier.objects.all(), name=name)
    if tier is None:
        raise CommandError(
            f"There is no tier {name!r}; there are {', '.join(tier.name for tier in Tier.objects.all())}."
        )
    return tier


def refusal(error: ParleyError) -> CommandError:
    """Write a refusal of an action for the terminal."""
    lines = [f"{field}: {' '.join(sentences)}" for field, sentences in (error.errors or {}).items()]
    return CommandError("\n".join(lines) or error.sentence)
