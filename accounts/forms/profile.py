"""The forms of one's own profile."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from accounts.forms.fields import NewPasswordForm, PageForm, password_field
from tenants import pictures


class NameForm(PageForm):
    """How a person is called."""

    full_name = forms.CharField(label="Name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class PasswordForm(NewPasswordForm):
    """A new password, and the present one as a proof."""

    present = password_field("Present password", autocomplete="current-password")
    field_order = ["present"]


class PictureForm(PageForm):
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
