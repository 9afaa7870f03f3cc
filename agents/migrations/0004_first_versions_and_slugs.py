from django.db import migrations
from django.utils.text import slugify

SETTINGS = (
    "name", "description", "kind", "webhook_url", "auth_kind", "auth_name", "user_agent", "system_prompt", "config",
    "limits", "max_concurrent",
)


def keep_first_versions(apps, schema_editor):
    Agent, AgentVersion = apps.get_model("agents", "Agent"), apps.get_model("agents", "AgentVersion")
    for agent in Agent._base_manager.filter(version=None).iterator():
        settings = {name: getattr(agent, name) for name in SETTINGS}
        version = AgentVersion._base_manager.create(team_id=agent.team_id, agent=agent, number=1, settings=settings)
        Agent._base_manager.filter(pk=agent.pk).update(version=version)


def give_slugs(apps, schema_editor):
    Agent = apps.get_model("agents", "Agent")
    taken = set()
    for agent in Agent._base_manager.order_by("created_at", "id").only("id", "team_id", "name").iterator():
        slug = slugify(agent.name, allow_unicode=True)[:80].strip("-_") or "agent"
        if (agent.team_id, slug) in taken:
            slug = f"{slug}-{agent.pk.hex[:12]}"
        taken.add((agent.team_id, slug))
        Agent._base_manager.filter(pk=agent.pk).update(slug=slug)


class Migration(migrations.Migration):

    dependencies = [("agents", "0003_agents_of_every_kind")]

    operations = [
        migrations.RunPython(keep_first_versions, migrations.RunPython.noop),
        migrations.RunPython(give_slugs, migrations.RunPython.noop),
    ]
