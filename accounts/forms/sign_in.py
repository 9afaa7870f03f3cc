"""The form of signing in."""

from collections.abc import Sequence
from typing import Any

from django import forms

from accounts.exceptions import TeamRequired
from accounts.forms.fields import password_field
from tenants.models import Team


class SignInForm(forms.Form):
    """An e-mail and a password; the team is asked for only when there are several."""

    email = forms.CharField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = password_field("Password", autocomplete="current-password")
    team = forms.CharField(required=False, max_length=63, widget=forms.HiddenInput)

    def __init__(self, *args: Any, teams: Sequence[Team] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if teams:
            choices = [(team.slug, team.name) for team in teams]
            self.fields["team"] = forms.ChoiceField(choices=choices, required=False, help_text=TeamRequired.sentence)
            # The password was just proved; typing it again would prove nothing more.
            self.fields["password"].widget.render_value = True  # type: ignore[attr-defined]

    def refuse(self, sentence: str) -> None:
        """Show why the sign-in was refused; an unseen team must not stand in the next try's way."""
        self.data = {"email": self.data.get("email", "")}
        self.add_error(None, sentence)
