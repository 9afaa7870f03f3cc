"""The forms of one's own profile."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.files.uploadedfile import UploadedFile

from accounts.forms.fields import password_field
from accounts.models import User
from tenants import pictures


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
