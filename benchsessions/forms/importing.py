"""Where an imported session was asked."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PageForm
from benchsessions.forms.naming import TitleField
from benchsessions.models import ApiMode, Environment


class ImportedForm(PageForm):
    """What a table does not tell of a session."""

    title = TitleField()
    environment = forms.ChoiceField(label=_("Environment"), choices=Environment.choices)
    api_mode = forms.ChoiceField(label=_("Mode"), choices=ApiMode.choices, initial=ApiMode.BACKEND)
