"""How somebody asks one environment."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PageForm
from agents.actions import MASK_SIGN
from benchsessions.environments import DEFAULTS, TOKEN, is_sendable, token_rule
from benchsessions.models import ApiMode
from tenants.exceptions import ParleyError

TOKEN_CHARS: Final = 8000
TEXT_CHARS: Final = 500
_BEARER: Final = "bearer "


def _text(label: Any) -> forms.CharField:
    off = {"autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(
        label=label, required=False, max_length=TEXT_CHARS, strip=True, widget=forms.TextInput(attrs=off)
    )


# Under their names of the contract.
TEXTS: Final = ("systemPlatform", "systemPlatformUser", "platformUserId", "platformId")
FIELDS: Final[dict[str, forms.Field]] = {
    "apiMode": forms.ChoiceField(
        label=_("Mode"),
        choices=[(ApiMode.BENCH, _("Bench: the whole list at once")), (ApiMode.BACKEND, _("Backend: one by one"))],
    ),
    **{name: _text(name) for name in TEXTS},
    "withClassify": forms.BooleanField(label=_("Ask for the classification of each question"), required=False),
    "resetSessionMode": forms.BooleanField(label=_("Begin a new dialogue with each question"), required=False),
}


class SettingsForm(PageForm):
    """The contract's settings; the token goes in and never comes out. Keys that have no field are kept."""

    new_token = forms.CharField(
        label=_("New token"),
        required=False,
        max_length=TOKEN_CHARS,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    clear_token = forms.BooleanField(label=_("Forget the stored token"), required=False)

    def __init__(self, data: Any, *, environment: str, values: Mapping[str, Any]) -> None:
        super().__init__(data, prefix=environment, initial=dict(values), label_suffix="")
        self.values = values
        self.fields |= deepcopy(FIELDS)

    @property
    def texts(self) -> list[forms.BoundField]:
        """The fields of what the service wants to know of whoever asks."""
        return [self[name] for name in TEXTS]

    @property
    def n_unknown(self) -> int:
        """How many settings there are that have no field here."""
        return len(self.values.keys() - DEFAULTS.keys())

    def clean_new_token(self) -> str:
        token = str(self.cleaned_data["new_token"])
        if token.lower().startswith(_BEARER):
            token = token[len(_BEARER) :].strip()
        if MASK_SIGN in token:
            raise forms.ValidationError(_("These are the dots shown in place of the token. Type the token itself."))
        if not is_sendable(token):
            raise forms.ValidationError(token_rule())
        return token

    def refuse(self, error: ParleyError) -> None:
        """Say what was refused."""
        for sentence in (one for sentences in (error.errors or {"": [error.sentence]}).values() for one in sentences):
            self.add_error(None, sentence)

    def settings(self) -> dict[str, Any]:
        """Return the settings as they are written; without a new token the stored one stays."""
        given = dict(self.cleaned_data)
        new, clears = given.pop("new_token"), given.pop("clear_token")
        token = {TOKEN: new} if new or clears else {}
        return {**self.values, **given, **token}
