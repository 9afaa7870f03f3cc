"""The form of asking for a new password."""

from django import forms

from accounts.forms.fields import EmailField, PageForm


class AskForResetForm(PageForm):
    """The e-mail that links are sent to."""

    email = EmailField(widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}))
