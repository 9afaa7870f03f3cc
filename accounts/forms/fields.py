"""Fields that several forms share."""

from django import forms

from accounts.hashers import MAX_PASSWORD_CHARS


def password_field(label: str, *, autocomplete: str) -> forms.CharField:
    """Return a field for a password, which is taken as it was typed."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=MAX_PASSWORD_CHARS, widget=widget)
