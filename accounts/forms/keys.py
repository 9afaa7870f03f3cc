"""The form of a new API key."""

import re
from typing import Any

from django import forms

from accounts.actions.keys import MAX_NETWORKS
from accounts.forms.fields import OnceForm
from accounts.models import PERSONAL_SCOPES, Scope
from accounts.names import printable
from tenants.exceptions import ParleyError

SCOPES = [(scope.value, scope.label) for scope in Scope if scope in PERSONAL_SCOPES]
EXPIRIES = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never")]


class KeyForm(OnceForm):
    """What a key is called, how long it lasts, what it opens and from where."""

    name = forms.CharField(
        max_length=100,
        validators=[printable],
        help_text="So that you know later what it was for.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    expires_days = forms.TypedChoiceField(
        label="Expires", choices=EXPIRIES, coerce=int, empty_value=None, required=False, initial="365"
    )
    scopes = forms.MultipleChoiceField(
        label="What it opens",
        choices=SCOPES,
        initial=[scope for scope, _ in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    allowed_networks = forms.CharField(
        label="Only from these networks",
        required=False,
        max_length=1000,
        help_text="Like 192.0.2.0/24 or 2001:db8::/32, with spaces or commas between. Empty is from everywhere.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_allowed_networks(self) -> list[str]:
        networks = [text for text in re.split(r"[\s,]+", self.cleaned_data["allowed_networks"]) if text]
        if len(networks) > MAX_NETWORKS:
            raise forms.ValidationError(f"At most {MAX_NETWORKS} networks.")
        return networks

    def refuse(self, error: ParleyError) -> None:
        """Show why the key was not made, each sentence at its field."""
        errors: Any = error.errors or {None: [error.sentence]}
        for field, sentences in errors.items():
            self.add_error(field, list(sentences))
