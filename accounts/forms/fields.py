"""Fields and forms that several forms share."""

from typing import Any, Final
from uuid import uuid4

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.http import QueryDict

from accounts import limits
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


class TextField(forms.CharField):
    """A text of several lines, each ended as everywhere but in the forms of browsers."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": rows}), **options)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class FocusedField(forms.BoundField):
    """A field that gets the focus if it is the first one with an error."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        wrong = [field.name for field in self.form.visible_fields() if field.errors] if self.form.is_bound else []
        return {**built, "autofocus": self.name == wrong[0]} if wrong else built


class PageForm(forms.Form):
    """A form of a page: after a refusal, typing goes on where something is wrong."""

    bound_field_class = FocusedField


class OnceForm(PageForm):
    """A form that does its work once, however often a reloaded page sends it; one without the name of a page may."""

    once = forms.CharField(required=False, max_length=36, initial=uuid4, widget=forms.HiddenInput)

    def is_repeat(self) -> bool:
        """Tell whether this valid form was sent before; a refusal after this one is shown with a new name."""
        once = self.cleaned_data.pop("once")
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["once"] = str(uuid4())  # type: ignore[index]
        return bool(once) and not limits.is_first_sending(once)


class NewPasswordForm(PageForm):
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
