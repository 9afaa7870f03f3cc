"""The forms of a team's people."""

from django import forms

from accounts.forms.fields import EmailField, OnceForm
from accounts.models import Role


class InviteForm(OnceForm):
    """Whom to invite, and as what."""

    email = EmailField(
        required=False,
        help_text="The link is sent there, and lets in this address only. Empty makes a link for whoever has it.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(choices=Role.choices)


class RoleForm(forms.Form):
    """What a person is to be."""

    role = forms.ChoiceField(choices=Role.choices)


class ActiveForm(forms.Form):
    """Whether a person may come in."""

    active = forms.ChoiceField(choices=[("1", "Yes"), ("0", "No")])
