"""Where an imported session was asked."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PageForm
from accounts.names import printable
from benchsessions.models import ApiMode, Environment

TITLE_CHARS: Final = 200


class ImportedForm(PageForm):
    """What a table does not tell of a session."""

    title = forms.CharField(
        label=_("Title"),
        required=False,
        max_length=TITLE_CHARS,
        validators=[printable],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    environment = forms.ChoiceField(label=_("Environment"), choices=Environment.choices)
    api_mode = forms.ChoiceField(label=_("Mode"), choices=ApiMode.choices, initial=ApiMode.BACKEND)
