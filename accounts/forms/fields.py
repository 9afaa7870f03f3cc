"""Fields, and one form, that several forms share."""

from typing import Any, Final

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.http import QueryDict

from accounts.hashers import MAX_PASSWORD_CHARS
from accounts.models import User, normalise_email

MAX_SEARCH_CHARS: Final = 200


class EmailField(forms.EmailField):
    """An address in the one spelling that is stored; it is checked in that spelling."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="E-mail", max_length=254, **kwargs)

    def to_python(self, value: Any) -> Any:
        return normalise_email(super().to_python(value) or "")


def search_text(query: QueryDict) -> str:
    """Return what a page's search field asks for; a pattern too long for the database is cut."""
    return query.get("q", "").replace("\0", "").strip()[:MAX_SEARCH_CHARS]


def password_field(label: str, *, autocomplete: str) -> forms.CharField:
    """Return a field for a password, which is taken as it was typed."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=MAX_PASSWORD_CHARS, widget=widget)


class NewPasswordForm(forms.Form):
    """A new password for somebody, typed twice."""

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
