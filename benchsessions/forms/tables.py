"""The forms that bring a table in: the file, and what its columns are."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PageForm, TextField
from benchsessions.tables.columns import LABELS, Column, guess
from benchsessions.tables.reading import PASTED
from benchsessions.tables.table import Table
from chats.attachments import clean_name
from tenants.exceptions import ParleyError

KINDS: Final = ".csv,.tsv,.txt,.xlsx,.jsonl,.ndjson,.json"
SAMPLE_CHARS: Final = 120


class UploadForm(PageForm):
    """A table, as a file or pasted."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=forms.FileInput(attrs={"accept": KINDS}),
        help_text=_("CSV, XLSX or JSON Lines, at most 20 MB. You see next how it will be read."),
    )
    text = TextField(rows=8, label=_("Or paste"), help_text=_("A question a line, or rows copied from a spreadsheet."))

    def table_file(self) -> tuple[str, bytes]:
        """Return the name and the bytes that were given, of the file if there is one."""
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is not None:
            return clean_name(file.name or ""), file.read()
        return PASTED, str(self.cleaned_data["text"]).encode()

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors and not given.get("file") and not str(given.get("text", "")).strip():
            self.add_error("file", translated("Choose a file, or paste something below."))
        return given

    def refuse(self, error: ParleyError) -> None:
        """Show why the table was not taken, where it was given."""
        self.add_error("file" if self.cleaned_data.get("file") else "text", error.sentence)


class ColumnsForm(forms.Form):
    """What each column of a table is; unbound it guesses."""

    has_header = forms.BooleanField(label=_("The first row names the columns"), required=False)
    skip_wrong = forms.BooleanField(label=_("Leave out the rows that cannot be read"), required=False)

    def __init__(self, *args: Any, table: Table, allowed: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table
        guessed = guess(table.columns if table.has_header else [""] * len(table.columns), allowed)
        choices = [("", _("– left out –")), *((str(name), LABELS[name]) for name in allowed)]
        self.names = [f"column_{place}" for place in range(len(table.columns))]
        for name, heading, column in zip(self.names, table.columns, guessed, strict=True):
            self.fields[name] = forms.ChoiceField(label=heading, choices=choices, required=False, initial=str(column))
        self.initial["has_header"] = table.has_header
        if table.is_nested:
            del self.fields["has_header"]

    @property
    def columns(self) -> list[str]:
        """What each column is, as chosen or guessed; empty for what is left out."""
        if not self.is_bound:
            return [str(self.fields[name].initial) for name in self.names]
        return [str(self.cleaned_data.get(name) or "") for name in self.names]

    def rows(self) -> list[tuple[forms.BoundField, str]]:
        """Return the field of each column with the first thing that stands in it."""
        return [(self[name], self._sample(place)) for place, name in enumerate(self.names)]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        chosen = [given[name] for name in self.names if given.get(name)]
        for name in self.names:
            if given.get(name) and chosen.count(given[name]) > 1:
                self.add_error(name, translated("Two columns cannot be the same."))
        if not {str(Column.QUESTION), str(Column.REQUEST)} & set(chosen):
            self.add_error(None, translated("Say which column is the question."))
        return given

    def _sample(self, place: int) -> str:
        found = (str(row.cells[place]) for row in self.table.rows if row.cells[place] not in (None, ""))
        return next(found, "")[:SAMPLE_CHARS]
