"""The forms of question sets."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PageForm, TextField
from accounts.names import printable
from benchsessions.models import QuestionSet
from benchsessions.models.questions import NAME_CHARS
from benchsessions.tables.cells import parts_of
from benchsessions.wording import ID_CHARS, QUESTION_CHARS, REFERENCE_CHARS, Wording
from tenants.exceptions import ParleyError


class SetForm(PageForm):
    """What a set is called."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_CHARS,
        validators=[printable],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = TextField(
        rows=2, label=_("What it is for"), max_length=QuestionSet._meta.get_field("description").max_length
    )

    def refuse(self, error: ParleyError) -> None:
        self.add_error("name", error.sentence)


class QuestionForm(PageForm):
    """One question of a set."""

    body = TextField(rows=3, label=_("Question"), max_length=QUESTION_CHARS)
    reference_answer = TextField(rows=6, label=_("Reference answer"), max_length=REFERENCE_CHARS)
    expected_documents = TextField(rows=3, label=_("Expected documents"), help_text=_("One a line."))
    tags = TextField(rows=1, label=_("Tags"), help_text=_("Parted by semicolons."))
    external_id = forms.CharField(
        label=_("Own id"),
        required=False,
        max_length=ID_CHARS,
        validators=[printable],
        help_text=_("By it the question is found again in other versions when sessions are compared."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    with_docs = forms.BooleanField(label=_("Ask for documents"), required=False, initial=True)
    stood = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, wording: Wording | None = None, **kwargs: Any) -> None:
        if wording is not None:
            shown = {**wording.as_fields(), "expected_documents": "\n".join(wording.expected_documents)}
            kwargs["initial"] = {**shown, "tags": "; ".join(wording.tags), "stood": wording.mark}
        super().__init__(*args, **kwargs)

    def wording(self) -> Wording:
        """Return what was written."""
        given = {name: self.cleaned_data[name] for name in Wording.__dataclass_fields__}
        given["expected_documents"] = [line for line in map(str.strip, given["expected_documents"].split("\n")) if line]
        return Wording(**{**given, "tags": parts_of(given["tags"])})

    def refuse(self, error: ParleyError) -> None:
        """Show why it was not kept, each sentence at its field."""
        errors: Any = error.errors or {None: [error.sentence]}
        for field, sentences in errors.items():
            self.add_error(field, list(sentences))
