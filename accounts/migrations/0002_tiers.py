import django.core.validators
import django.db.models.deletion
import re
from django.db import migrations, models

from accounts.models.tiers import begin_with_tiers


def begin(apps, schema_editor):
    begin_with_tiers(apps.get_model("accounts", "Tier"))


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Tier',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False, validators=[django.core.validators.RegexValidator(re.compile('^[-a-zA-Z0-9_]+\\Z'), 'Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.', 'invalid')])),
                ('requests_per_hour', models.PositiveIntegerField(blank=True, help_text='Empty is no limit.', null=True, verbose_name='agent calls an hour')),
                ('runs_per_month', models.PositiveIntegerField(blank=True, help_text='Empty is no limit.', null=True, verbose_name='agent calls a month')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
        migrations.AddField(
            model_name='user',
            name='tier',
            field=models.ForeignKey(default='none', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tier'),
        ),
    ]
