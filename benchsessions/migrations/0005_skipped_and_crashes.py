from django.db import migrations, models
from django.db.models import Count, Q


def count_skipped(apps, schema_editor):
    """Count in each session what its service skipped."""
    Session = apps.get_model("benchsessions", "BenchSession")
    counted = Session.objects.annotate(skipped=Count("items", filter=Q(items__status="skipped")))
    for session_id, skipped in counted.filter(skipped__gt=0).values_list("id", "skipped"):
        Session.objects.filter(id=session_id).update(n_skipped=skipped)


class Migration(migrations.Migration):

    dependencies = [
        ('benchsessions', '0004_plain_json'),
    ]

    operations = [
        migrations.AddField(
            model_name='benchsession',
            name='n_skipped',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunPython(count_skipped, migrations.RunPython.noop),
        migrations.AddField(
            model_name='benchrun',
            name='n_crashes',
            field=models.PositiveIntegerField(default=0),
        ),
    ]
