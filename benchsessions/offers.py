"""What each environment offers to one person who wants to put questions to it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from agents.queries import may_use
from benchsessions.environments import shown_settings
from benchsessions.models import Analyst, ApiMode, Environment, Target


@dataclass(frozen=True, slots=True)
class Offer:
    """An environment as somebody may ask it; `obstacle` says why they cannot, empty if they can."""

    environment: Environment
    target: Target | None
    values: dict[str, Any]
    masked_token: str | None
    obstacle: str

    @property
    def modes(self) -> list[ApiMode]:
        """The modes it can be asked in."""
        return self.target.modes if self.target else []

    @property
    def mode(self) -> ApiMode | None:
        """The mode of the person's settings if it is offered, else the one that is."""
        own = [mode for mode in self.modes if mode == self.values["apiMode"]]
        return next(iter(own or self.modes), None)

    @property
    def lacks_token(self) -> bool:
        """Tell whether a service would be asked without a token; an agent of the team has one of its own."""
        return self.target is not None and self.target.agent is None and self.masked_token is None

    @property
    def is_prod(self) -> bool:
        return self.environment == Environment.PROD


def offers_to(user: User, analyst: Analyst) -> list[Offer]:
    """Return what each environment offers to a person, in a number of queries that does not grow."""
    targets = {target.environment: target for target in Target.objects.select_related("agent")}
    settings = shown_settings(analyst)
    offers = []
    for environment in Environment:
        target, (values, masked_token) = targets.get(environment), settings[environment]
        offers.append(Offer(environment, target, values, masked_token, _obstacle(user, target)))
    return offers


def _obstacle(user: User, target: Target | None) -> str:
    if target is None or not target.modes:
        return _("Nobody has said yet where it is. Ask an admin of your team.")
    if target.agent is not None and not may_use(user, target.agent):
        return _("Behind it is an agent that you cannot use at the moment.")
    return ""
