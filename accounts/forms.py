"""The forms of signing in and of one's own profile."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.files.uploadedfile import UploadedFile

from accounts.exceptions import TeamRequired
from accounts.hashers import MAX_PASSWORD_CHARS
from accounts.models import User
from tenants import pictures
from tenants.models import Team


def password_field(label: str, *, autocomplete: str) -> forms.CharField:
    """Return a field for a password, which is taken as it was typed."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=MAX_PASSWORD_CHARS, widget=widget)


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


class NameForm(forms.Form):
    """How a person is called."""

    full_name = forms.CharField(label="Name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class PasswordForm(forms.Form):
    """A new password, and the present one as a proof."""

    present = password_field("Present password", autocomplete="current-password")
    password = password_field("New password", autocomplete="new-password")
    repeated = password_field("New password again", autocomplete="new-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "password" in given and "repeated" in given and given["password"] != given["repeated"]:
            self.add_error("repeated", "The two new passwords are not the same.")
        return given


class PictureForm(forms.Form):
    """A picture to upload; its cleaned value is a data URI."""

    picture = forms.FileField(
        help_text="PNG, JPEG, GIF or WebP; it is made small.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
    )

    def clean_picture(self) -> str:
        upload: UploadedFile = self.cleaned_data["picture"]
        if upload.size is None or upload.size > settings.MAX_AVATAR_BYTES:
            raise forms.ValidationError(f"The picture may have at most {settings.MAX_AVATAR_BYTES // 2**20} MB.")
        try:
            return pictures.redrawn(upload.read())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
