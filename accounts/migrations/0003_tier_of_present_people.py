"""Whoever was here before there were tiers could call agents without a limit, and still can."""

from django.db import migrations


def set_tier(apps, schema_editor):
    apps.get_model("accounts", "User").objects.update(tier_id="team")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_tiers'),
    ]

    operations = [
        migrations.RunPython(set_tier, migrations.RunPython.noop),
    ]
