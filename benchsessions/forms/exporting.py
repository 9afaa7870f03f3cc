"""What may be asked of an export."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import MAX_SEARCH_CHARS, PageForm
from benchsessions.exports.streams import FileFormat
from benchsessions.filters import ItemFilter
from tenants.exceptions import Invalid

SEPARATORS = [(",", _("commas")), (";", _("semicolons, as Excel expects in Russian"))]


class ExportForm(PageForm):
    """Which questions of a session are wanted as which file."""

    format = forms.ChoiceField(label=_("File"), choices=FileFormat.choices, initial=FileFormat.XLSX)
    filter = forms.ChoiceField(label=_("Questions"), choices=ItemFilter.choices, initial=ItemFilter.ALL, required=False)
    q = forms.CharField(required=False, max_length=MAX_SEARCH_CHARS, widget=forms.HiddenInput)
    sep = forms.ChoiceField(label=_("Cells of CSV parted by"), choices=SEPARATORS, initial=",", required=False)

    @classmethod
    def read(cls, asked: QueryDict) -> dict[str, Any]:
        """Return what an address asks for; raise `Invalid` on what there is not."""
        form = cls(asked)
        if not form.is_valid():
            raise Invalid(errors={field: [*sentences] for field, sentences in form.errors.items()})
        return form.cleaned_data
