"""What is typed into the administration's forms, and how to look past every scope at what became of it."""

from typing import Any

from tenants.scope import unsafe_all_tenants
from tests.isolation.conftest import World

GOOD = "a long new password"
SOURCE = {"app_label": "chats", "model_name": "chat", "field_name": "agent"}


def chat(world: World, **changes: Any) -> dict[str, Any]:
    own = {"title": "x", "user": str(world.ours.user.pk), "agent": str(world.ours.agent.pk), "metadata": "{}"}
    return {**own, **changes}


def person(**changes: Any) -> dict[str, Any]:
    return {"email": "new@ours.org", "full_name": "New", "role": "user", "is_active": "on", **changes}


def agent(**changes: Any) -> dict[str, Any]:
    fields = {"name": "new", "kind": "webhook", "webhook_url": "https://n8n.example/webhook/1", "is_active": "on"}
    members = {"members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0"}
    choices = {"auth_kind": "bearer", "audience": "all"}
    return {**fields, **choices, **members, "config": "{}", "limits": "{}", **changes}


def the(model: Any, **condition: Any) -> Any:
    with unsafe_all_tenants(reason="look"):
        return model.objects.get(**condition)
