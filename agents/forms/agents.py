"""The forms of the pages that manage agents."""

import json
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.fields import InvalidJSONInput

from accounts.forms.fields import OnceForm, TextField
from agents import limits, rules
from agents.forms.addresses import ADDRESSES, Where
from agents.limits import Limits
from agents.models import Agent, AgentKind, Audience, AuthKind
from agents.portable import LABELS, settings_of
from agents.rules import MOST_CONCURRENT, NEED_A_MODEL
from tenants.admin import JSONObjectField
from tenants.exceptions import Invalid, ParleyError

OFF: Final = {"autocomplete": "off"}


class PrettyJSONField(JSONObjectField):
    """A JSON object, shown in lines; one that is empty is shown as nothing."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False) if value else ""


class AgentForm(OnceForm):
    """The settings of an agent. Its secret goes in and never comes out, not even after a refusal.

    `seen` is the version that the page showed, so that nobody writes over what they never saw.
    """

    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs=OFF))
    description = TextField(rows=2, max_length=2000, help_text="What people read when they choose an agent.")
    kind = forms.ChoiceField(choices=AgentKind.choices, help_text="How it is asked. Answers are read by what arrives.")
    webhook_url = forms.CharField(
        label=LABELS["webhook_url"],
        max_length=2000,
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "url", "aria-describedby": "address-help id_webhook_url_error", **OFF}
        ),
    )
    auth_kind = forms.ChoiceField(label=LABELS["auth_kind"], choices=AuthKind.choices, initial=AuthKind.BEARER)
    auth_name = forms.CharField(
        label=LABELS["auth_name"], max_length=200, required=False, widget=forms.TextInput(attrs=OFF)
    )
    webhook_token = forms.CharField(
        label="Secret",
        max_length=2000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    clear_token = forms.BooleanField(label="Forget the stored secret", required=False)
    user_agent = forms.CharField(
        label=LABELS["user_agent"],
        max_length=300,
        required=False,
        help_text="Empty means the default.",
        widget=forms.TextInput(attrs=OFF),
    )
    system_prompt = TextField(rows=8, strip=False, max_length=100_000)
    model = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs=OFF))
    config = PrettyJSONField(
        label="More settings (JSON)",
        required=False,
        help_text="Sent along in the way of its kind, such as {“temperature”: 0.2}.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    max_concurrent = forms.IntegerField(
        label=LABELS["max_concurrent"],
        required=False,
        min_value=1,
        max_value=MOST_CONCURRENT,
        help_text="Others wait in line. Empty means no limit.",
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, agent: Agent | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = _shown(agent) if agent else {}
        for limit in fields(Limits):
            self.fields[f"limit_{limit.name}"] = _limit_field(limit.name, limit.default)

    @property
    def addresses(self) -> dict[AgentKind, Where]:
        """What is to be entered as the address of each kind."""
        return ADDRESSES

    @property
    def limits(self) -> list[forms.BoundField]:
        """The fields of time-outs and sizes."""
        return [self[name] for name in self.fields if name.startswith("limit_")]

    @property
    def has_limits(self) -> bool:
        """Tell whether something stands where there are defaults, or is wrong."""
        return any(field.value() or field.errors for field in [*self.limits, self["user_agent"]])

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "model" in (given.get("config") or {}):
            self.add_error("config", "The model has a field of its own.")
        if given.get("kind") in NEED_A_MODEL and given.get("model") == "":
            self.add_error("model", "An agent of this kind needs the name of its model.")
        if self.errors:
            self._hold_the_rest()
        return given

    def settings(self) -> dict[str, Any]:
        """Return what was typed as the fields of an agent; without a new secret the stored one stays."""
        given = dict(self.cleaned_data)
        if model := given.pop("model", ""):
            given["config"] = {"model": model, **given.get("config", {})}
        typed = {limit.name: given.pop(f"limit_{limit.name}", None) for limit in fields(Limits)}
        given["limits"] = {name: value for name, value in typed.items() if value is not None}
        if not (given.pop("clear_token", False) or given.get("webhook_token")):
            given.pop("webhook_token", None)
        return {name: value for name, value in given.items() if name not in {"once", "seen"}}

    def refuse(self, error: ParleyError) -> None:
        """Say what was refused, at the field that it is about."""
        if not (isinstance(error, Invalid) and error.errors):
            self.add_error(None, error.sentence)
        for name, sentences in (error.errors or {}).items():
            self.add_error(name if name in self.fields else None, [*sentences])

    def show_again(self, agent: Agent) -> None:
        """Let the next sending write over what the agent became meanwhile, of which the page tells."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["seen"] = str(agent.version.number if agent.version else "")  # type: ignore[index]

    def _hold_the_rest(self) -> None:
        """Say in the same go what the rules refuse of the fields that are right by themselves."""
        settings = self.settings()
        told = {*self.errors, *(["config"] if "model" in self.errors else [])}
        try:
            rules.hold(Agent(**settings), changed=settings)
        except Invalid as error:
            for name, sentences in (error.errors or {}).items():
                if name not in told:
                    self.add_error(name, [*sentences])


class NewAgentForm(AgentForm):
    """A new agent: also who may talk to it, and whether at once."""

    audience = forms.ChoiceField(
        label="Who may talk to it", choices=Audience.choices, initial=Audience.ALL, widget=forms.RadioSelect
    )
    is_active = forms.BooleanField(label="People can talk to it at once", required=False, initial=True)


class ImportForm(OnceForm):
    """An exported agent, as a file or as text."""

    file = forms.FileField(label="File", required=False, widget=forms.FileInput(attrs={"accept": ".json"}))
    text = TextField(rows=8, label="Or its text", strip=True)

    @property
    def what(self) -> str:
        """What the document was given as."""
        return "The file" if self.cleaned_data["file"] else "The text"

    def document(self) -> bytes:
        """Return the bytes that were given, of the file if there is one."""
        file: UploadedFile | None = self.cleaned_data["file"]
        return file.read() if file else str(self.cleaned_data["text"]).encode()

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors and not given.get("file") and not given.get("text"):
            self.add_error("file", "Choose a file, or paste its text below.")
        return given


class MembersForm(forms.Form):
    """To whom an agent is given."""

    audience = forms.ChoiceField(choices=Audience.choices)
    people = forms.TypedMultipleChoiceField(coerce=UUID, required=False)

    def __init__(self, *args: Any, people: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = [(str(one.pk), str(one)) for one in people]  # type: ignore[attr-defined]


class PictureForm(forms.Form):
    """A picture for an agent."""

    picture = forms.FileField()


class ActiveForm(forms.Form):
    """Whether people can talk to an agent."""

    active = forms.ChoiceField(choices=[("1", "Yes"), ("0", "No")])


class RestoreForm(forms.Form):
    """Which version an agent is to be again."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)


def _shown(agent: Agent) -> dict[str, Any]:
    """Return what the form shows of an agent."""
    shown = settings_of(agent)
    config = dict(shown["config"])
    if isinstance(config.get("model"), str):
        shown["model"] = config.pop("model")
    limits = {f"limit_{name}": value for name, value in shown.pop("limits").items()}
    return {**shown, **limits, "config": config, "seen": agent.version.number if agent.version else None}


def _limit_field(name: str, default: Any) -> forms.Field:
    kind, unit = (forms.IntegerField, "bytes") if name.endswith("_bytes") else (forms.FloatField, "seconds")
    most = limits.most_of(name)

    def within(value: float) -> None:
        if not 0 < value <= most:
            raise forms.ValidationError(f"It must be more than 0 and at most {most:,} {unit}.")

    field = kind(label=f"{limits.LABELS[name]}, {unit}", required=False, validators=[within])
    field.widget.attrs |= {"placeholder": f"{default:g}" if isinstance(default, float) else str(default), "min": "0"}
    return field
