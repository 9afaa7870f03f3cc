"""An agent's settings as plain JSON: what is exported, imported, duplicated and kept as a version. Never a secret."""

from typing import Any, Final

from agents.models import Agent

# What makes an agent what it is; changing one of these makes a new version.
SETTINGS: Final = (
    "name",
    "description",
    "kind",
    "webhook_url",
    "auth_kind",
    "auth_name",
    "user_agent",
    "system_prompt",
    "config",
    "limits",
    "max_concurrent",
)


def settings_of(agent: Agent) -> dict[str, Any]:
    """Return the settings of an agent by their names."""
    return {name: getattr(agent, name) for name in SETTINGS}
