"""What an agent must be so that it can be called: asked by every action that writes one."""

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from agents.kinds import a2a, langserve
from agents.limits import Limits
from agents.models import Agent, AgentKind, AuthKind
from agents.outbound import canonical_url
from tenants import pictures
from tenants.exceptions import Invalid

MAX_CONFIG_CHARS: Final = 100_000
MOST_CONCURRENT: Final = 1000
LONGEST_DEMO_SECONDS: Final = 3600
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What every request carries, and what would change how its bytes are read.
OUR_HEADERS: Final = frozenset(
    {
        *("host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
        *("expect", "content-length", "content-type", "content-encoding", "accept", "accept-encoding"),
        *("user-agent", "x-request-id", "a2a-version"),
    }
)

NEED_A_MODEL: Final = (AgentKind.OPENAI, AgentKind.OLLAMA)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_duration(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_DEMO_SECONDS


# What some settings in `config` must be, since a request could not be made of anything else.
AN_OBJECT: Final = (_is_object, "an object")
A_TEXT: Final = (_is_text, "a text")
SHAPES: Final[dict[str, dict[str, tuple[Callable[[Any], bool], str]]]] = {
    AgentKind.OLLAMA: {"options": AN_OBJECT},
    AgentKind.DIFY: {"inputs": AN_OBJECT},
    AgentKind.FLOWISE: {"overrideConfig": AN_OBJECT},
    AgentKind.LANGFLOW: {"tweaks": AN_OBJECT, "input_type": A_TEXT, "output_type": A_TEXT},
    AgentKind.LANGSERVE: {
        "input": (langserve.INPUTS.__contains__, " or ".join(langserve.INPUTS)),
        "input_key": A_TEXT,
        "configurable": AN_OBJECT,
    },
    AgentKind.VERCEL: {"body": AN_OBJECT},
    AgentKind.A2A: {"version": (a2a.VERSIONS.__contains__, " or ".join(a2a.VERSIONS))},
    AgentKind.DEMO: {"demo_seconds": (_is_duration, f"a number of seconds from 0 to {LONGEST_DEMO_SECONDS:,}")},
}


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


def _auth_name(agent: Agent) -> None:
    if agent.auth_kind == AuthKind.HEADER:
        if not _HEADER_NAME.fullmatch(agent.auth_name):
            raise ValueError("Name the header that carries the secret, such as X-API-Key.")
        if agent.auth_name.lower() in OUR_HEADERS:
            raise ValueError(f"The header {agent.auth_name} is ours to set; choose another.")
    if agent.auth_kind == AuthKind.BASIC:
        if not agent.auth_name:
            raise ValueError("Basic needs a user name.")
        if ":" in agent.auth_name or not agent.auth_name.isprintable():
            raise ValueError("The user name of Basic must not hold a colon or a control character.")


def _user_agent(agent: Agent) -> None:
    if not (agent.user_agent.isascii() and agent.user_agent.isprintable()):
        raise ValueError("The User-Agent must be plain printable ASCII: it travels in a header.")


def _config(agent: Agent) -> None:
    if len(json.dumps(agent.config)) > MAX_CONFIG_CHARS:
        raise ValueError(f"This is longer than {MAX_CONFIG_CHARS:,} characters of JSON.")
    model = agent.config.get("model")
    if agent.kind in NEED_A_MODEL and not (isinstance(model, str) and model.strip()):
        raise ValueError("An agent of this kind needs “model”, the name of its model.")
    for name, (holds, what) in SHAPES.get(agent.kind, {}).items():
        if name in agent.config and not holds(agent.config[name]):
            raise ValueError(f"“{name}” must be {what}.")


def _limits(agent: Agent) -> None:
    Limits.from_mapping(agent.limits)


def _max_concurrent(agent: Agent) -> None:
    if agent.max_concurrent is not None and not 1 <= agent.max_concurrent <= MOST_CONCURRENT:
        raise ValueError(f"Between 1 and {MOST_CONCURRENT:,} calls at once, or none for no limit.")


def _avatar(agent: Agent) -> None:
    agent.avatar = pictures.redrawn(pictures.decoded(agent.avatar)) if agent.avatar else None


RULES: Final = {
    "webhook_url": Rule(frozenset({"webhook_url", "kind"}), _address),
    "auth_name": Rule(frozenset({"auth_name", "auth_kind"}), _auth_name),
    "user_agent": Rule(frozenset({"user_agent"}), _user_agent),
    "webhook_token": Rule(frozenset({"webhook_token"}), _token),
    "config": Rule(frozenset({"config", "kind"}), _config),
    "limits": Rule(frozenset({"limits"}), _limits),
    "max_concurrent": Rule(frozenset({"max_concurrent"}), _max_concurrent),
    "avatar": Rule(frozenset({"avatar"}), _avatar),
}
