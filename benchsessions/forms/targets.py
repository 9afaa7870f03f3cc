"""What stands behind an environment of the team."""

from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PageForm
from agents.models import Agent
from benchsessions.models import Target
from benchsessions.targets import MOST_SECONDS, TargetFields, headers_of
from tenants.exceptions import ParleyError

NEW_ROWS: Final = 3
OFF: Final = {"autocomplete": "off", "spellcheck": "false"}


def _url(label: Any, help_text: Any) -> forms.CharField:
    attrs = {"inputmode": "url", "placeholder": "https://", **OFF}
    widget = forms.TextInput(attrs=attrs)
    return forms.CharField(label=label, help_text=help_text, max_length=2000, required=False, widget=widget)


def _value(label: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, max_length=2000, required=False, widget=widget)


def _seconds(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=MOST_SECONDS)


class TargetForm(PageForm):
    """An agent of the team, or a service at addresses of its own; values of headers go in and never come out."""

    agent = forms.ModelChoiceField(
        label=_("Agent of your team"),
        queryset=Agent.objects.none(),
        required=False,
        empty_label=_("None: a service at an address"),
    )
    backend_url = _url(_("Address for single questions"), _("Each question is posted by itself."))
    bench_url = _url(_("Address for whole lists"), _("The whole list is posted at once."))
    answer_seconds = _seconds(_("Seconds for one answer"))
    list_seconds = _seconds(_("Seconds for a whole list"))

    def __init__(self, data: Any, *, target: Target | None) -> None:
        target = target or Target()
        shown = ("agent", "backend_url", "bench_url", "max_concurrent", "answer_seconds", "list_seconds")
        super().__init__(data, initial={name: getattr(target, name) for name in shown}, label_suffix="")
        agents: Any = self.fields["agent"]
        agents.queryset = Agent.objects.filter(is_active=True).defer("avatar").order_by("name")
        self.fields["max_concurrent"] = forms.IntegerField(
            label=_("Questions at once"), min_value=1, max_value=settings.BENCH_MAX_CONCURRENT
        )
        self.stored = sorted(headers_of(target))
        for name in self.stored:
            self.fields[f"value:{name}"] = _value(name)
            self.fields[f"remove:{name}"] = forms.BooleanField(label=_("Remove"), required=False)
        for row in range(NEW_ROWS):
            widget = forms.TextInput(attrs=OFF)
            self.fields[f"name_{row}"] = forms.CharField(
                label=_("Header"), max_length=100, required=False, widget=widget
            )
            self.fields[f"value_{row}"] = _value(_("Value"))

    @property
    def stored_headers(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """The headers that are stored: name, field for another value, box to remove it."""
        return [(name, self[f"value:{name}"], self[f"remove:{name}"]) for name in self.stored]

    @property
    def new_headers(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Fields for further headers."""
        return [(self[f"name_{row}"], self[f"value_{row}"]) for row in range(NEW_ROWS)]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        names = [given.get(f"name_{row}", "") for row in range(NEW_ROWS)]
        for row, name in enumerate(names):
            if name and name in [*self.stored, *names[:row]]:
                self.add_error(f"name_{row}", _("This header stands here already."))
        return given

    def target(self) -> TargetFields:
        """Return what was said; a stored header without a new value keeps the one it has."""
        given = self.cleaned_data
        stored = {name: given[f"value:{name}"] or None for name in self.stored if not given[f"remove:{name}"]}
        new = {given[f"name_{row}"]: given[f"value_{row}"] for row in range(NEW_ROWS)}
        new.pop("", None)
        return {
            "agent": given["agent"],
            "backend_url": given["backend_url"],
            "bench_url": given["bench_url"],
            "headers": {**stored, **new},
            "max_concurrent": given["max_concurrent"],
            "answer_seconds": given["answer_seconds"],
            "list_seconds": given["list_seconds"],
        }

    def refuse(self, error: ParleyError) -> None:
        """Say what was refused, at the field that it is about."""
        if not error.errors:
            self.add_error(None, error.sentence)
        for path, sentences in (error.errors or {}).items():
            self.add_error(self._field_of(path), [*sentences])

    def _field_of(self, path: str) -> str | None:
        fields = {f"headers.{name}": f"value:{name}" for name in self.stored}
        fields |= {f"headers.{self.cleaned_data.get(f'name_{row}')}": f"value_{row}" for row in range(NEW_ROWS)}
        return fields.get(path) or (path if path in self.fields else None)
