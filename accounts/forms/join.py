"""The form of joining a team."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password

from accounts.forms.fields import EmailField, PageForm, password_field
from accounts.models import User


class JoinForm(PageForm):
    """Who somebody is, and the password they choose; an e-mail that is settled already cannot be changed."""

    full_name = forms.CharField(label="Name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = EmailField(widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = password_field("Password", autocomplete="new-password")

    def __init__(self, *args: Any, email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_validators_help_texts())
        if email:
            self.fields["email"].initial = email
            self.fields["email"].disabled = True

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        given = {name: self.cleaned_data.get(name, "") for name in ("email", "full_name")}
        validate_password(password, User(**given))
        return password
