"""What an agent must be so that it can be called: asked by every action that writes one."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from agents.limits import Limits
from agents.models import Agent, AgentKind
from agents.outbound import canonical_url
from tenants import pictures
from tenants.exceptions import Invalid

MAX_CONFIG_CHARS: Final = 100_000
MOST_CONCURRENT: Final = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on one field; `depends_on` are the fields after whose change it is asked again.

    A rule that nobody touched is not asked: an agent made under older rules can still be switched off.
    """

    depends_on: frozenset[str]
    hold: Callable[[Agent], None]


def hold(agent: Agent, *, changed: Collection[str]) -> None:
    """Bring changed fields into the form they are stored in; raise `Invalid` on what makes no sense."""
    errors = {}
    for field, rule in RULES.items():
        if rule.depends_on.intersection(changed):
            try:
                rule.hold(agent)
            except ValueError as error:
                errors[field] = [str(error)]
    if errors:
        raise Invalid(errors=errors)


def _address(agent: Agent) -> None:
    if agent.webhook_url:
        agent.webhook_url = canonical_url(agent.webhook_url)
    elif agent.kind != AgentKind.DEMO:
        raise ValueError("An agent of this kind needs an address.")
    longest = Agent._meta.get_field("webhook_url").max_length
    if longest is not None and len(agent.webhook_url) > longest:
        raise ValueError(f"The address is longer than {longest} characters.")


def _token(agent: Agent) -> None:
    token = agent.webhook_token
    if not (token.isascii() and token.isprintable()):
        raise ValueError("The token must be plain printable ASCII: it travels in a header.")


def _config(agent: Agent) -> None:
    if len(json.dumps(agent.config)) > MAX_CONFIG_CHARS:
        raise ValueError(f"The config is longer than {MAX_CONFIG_CHARS:,} characters of JSON.")
    model = agent.config.get("model")
    if agent.kind == AgentKind.OPENAI and not (isinstance(model, str) and model.strip()):
        raise ValueError("An agent of kind openai needs config.model, the name of its model.")
    seconds = agent.config.get("demo_seconds", 1)
    if agent.kind == AgentKind.DEMO and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
        raise ValueError("config.demo_seconds must be a number of seconds.")


def _limits(agent: Agent) -> None:
    Limits.from_mapping(agent.limits)


def _max_concurrent(agent: Agent) -> None:
    if agent.max_concurrent is not None and not 1 <= agent.max_concurrent <= MOST_CONCURRENT:
        raise ValueError(f"Between 1 and {MOST_CONCURRENT:,} calls at once, or none for no limit.")


def _avatar(agent: Agent) -> None:
    agent.avatar = pictures.redrawn(pictures.decoded(agent.avatar)) if agent.avatar else None


RULES: Final = {
    "webhook_url": Rule(frozenset({"webhook_url", "kind"}), _address),
    "webhook_token": Rule(frozenset({"webhook_token"}), _token),
    "config": Rule(frozenset({"config", "kind"}), _config),
    "limits": Rule(frozenset({"limits"}), _limits),
    "max_concurrent": Rule(frozenset({"max_concurrent"}), _max_concurrent),
    "avatar": Rule(frozenset({"avatar"}), _avatar),
}
