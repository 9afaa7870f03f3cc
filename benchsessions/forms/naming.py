"""What a session is called."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.names import printable

TITLE_CHARS: Final = 200


class TitleField(forms.CharField):
    """A name that somebody gives a session; it has one without."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Title"),
            required=False,
            max_length=TITLE_CHARS,
            validators=[printable],
            help_text=_("Empty, it is called after its environment, date and number of questions."),
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )
