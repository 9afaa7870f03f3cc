"""What may be asked of the charts."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from benchsessions.forms.listing import ListForm

RANGES = [(30, _("30 days")), (90, _("90 days")), (365, _("365 days"))]
DEFAULT_DAYS = "90"


class ReportForm(ListForm):
    """Which sessions are counted; empty fields ask for all."""

    days = forms.TypedChoiceField(label=_("Time"), choices=RANGES, coerce=int)

    field_order = ("days", "environment", "mode", "set", "owner")

    def __init__(self, asked: QueryDict) -> None:
        chosen = asked.copy()
        chosen.setdefault("days", DEFAULT_DAYS)
        super().__init__(chosen)
        del self.fields["q"], self.fields["deleted"]

    def clean(self) -> dict[str, Any]:
        """Add what the list of sessions may be asked for besides."""
        return {**self.cleaned_data, "q": "", "deleted": False}
