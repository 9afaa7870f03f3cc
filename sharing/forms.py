"""The forms of a chat's links."""

from typing import Any, Final

from django import forms

from accounts.forms.fields import OnceForm, PageForm, TextField, password_field
from accounts.names import printable
from sharing.actions import DEFAULT_DAYS
from sharing.models import DESCRIPTION_CHARS, MAX_DAYS, MAX_MESSAGES, MAX_PEOPLE, TITLE_CHARS, Share
from tenants.exceptions import ParleyError

TAKING_PART: Final = [("1", "Read along and write"), ("", "Only read along")]
MESSAGES: Final = [("", "The whole conversation"), ("1", "Only what is said from now on")]

SHOWN: Final = frozenset({"title", "days", "max_concurrent_users", "can_write", "__all__"})


def _switch(label: str, choices: list[tuple[str, str]], **kwargs: Any) -> forms.TypedChoiceField:
    """Return a choice of two, of which the one that is sent as something is `True`."""
    return forms.TypedChoiceField(
        label=label,
        choices=choices,
        coerce=bool,
        required=False,
        initial=choices[0][0],
        empty_value=False,  # type: ignore[arg-type]
        widget=forms.RadioSelect,
        **kwargs,
    )


def _number(label: str, initial: int, most: int, **kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, initial=initial, min_value=1, max_value=most, **kwargs)


class _LinkFields(PageForm):
    """What may be said of a link at any time."""

    title = forms.CharField(
        max_length=TITLE_CHARS,
        required=False,
        validators=[printable],
        help_text="What visitors see first.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    max_concurrent_users = _number("People at once", 10, MAX_PEOPLE)
    can_write = _switch("Visitors may", TAKING_PART)
    description = TextField(rows=2, max_length=DESCRIPTION_CHARS)
    max_messages = _number(
        "Messages in all", 200, MAX_MESSAGES, help_text="How many visitors may send. Each counts as a call of yours."
    )
    asks_name = forms.BooleanField(label="Ask visitors for a name", required=False)
    can_fork = forms.BooleanField(label="Let visitors with an account copy the conversation", required=False)

    @property
    def has_hidden_errors(self) -> bool:
        """Tell whether a field that the page folds away is wrong."""
        return bool(self.errors.keys() - SHOWN)

    def refuse(self, error: ParleyError) -> None:
        """Show why it was not done, each sentence at its field."""
        errors: Any = error.errors or {None: [error.sentence]}
        for field, sentences in errors.items():
            self.add_error(field, list(sentences))
        self._ask_password_again()

    def clean(self) -> dict[str, Any]:
        if self.errors:
            self._ask_password_again()
        return self.cleaned_data

    def _ask_password_again(self) -> None:
        """Ask for a password that was typed: no page holds one, so without a word the next sending would have none."""
        if self.data.get("password") and "password" not in self.errors:
            self.add_error("password", "Type the password again.")


class NewLinkForm(OnceForm, _LinkFields):
    """How a chat is to be shared; sent as it is shown it makes a good link."""

    days = _number("Valid for days", DEFAULT_DAYS, MAX_DAYS)
    from_here_on = _switch("Visitors see", MESSAGES)
    password = password_field("Password", autocomplete="new-password")
    field_order = ["title", "days", "max_concurrent_users", "can_write"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].required = False
        self.fields["password"].help_text = "Empty asks for none."


class ChangeLinkForm(_LinkFields):
    """What of a link is to be changed; the room hears of it at once."""

    password = password_field("New password", autocomplete="new-password")
    no_password = forms.BooleanField(label="Ask for no password any more", required=False)

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        shown = {name: getattr(share, name) for name in _LinkFields.base_fields}
        kwargs["initial"] = {**shown, "can_write": "1" if share.can_write else ""}
        super().__init__(*args, **kwargs)
        self.fields["password"].required = False
        self.fields["password"].help_text = "Empty leaves it as it is."
        if not share.password_hash:
            del self.fields["no_password"]

    @property
    def changes(self) -> dict[str, Any]:
        """What was changed, for `change_share`."""
        given = {name: self.cleaned_data[name] for name in self.changed_data}
        if given.pop("no_password", False):
            given["password"] = ""
        return given


class ExtendForm(OnceForm):
    """For how many days more a link is to be valid."""

    days = _number("Days more", DEFAULT_DAYS, MAX_DAYS)
