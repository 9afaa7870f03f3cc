"""How the asking of a session stands, in words."""

from django import template
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def duration(seconds: int) -> str:
    """Return about how long something takes, in one unit that says enough."""
    if seconds < 90:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
