"""What may be asked of the pages of usage."""

from typing import Any

from django import forms

from agents.usage.reports import Period
from tenants.exceptions import Invalid
from tenants.models import Team
from tenants.scope import current_scope

DEFAULT_DAYS = 30
SORTED_BY = [("errors", "Error rate"), ("calls", "Calls"), ("wait", "First text"), ("agent", "Agent")]
RANGES = [(7, "7 days"), (30, "30 days"), (90, "90 days")]


class RangeForm(forms.Form):
    """How many days are shown."""

    days = forms.TypedChoiceField(label="Days", choices=RANGES, coerce=int, required=False)

    @classmethod
    def read(cls, asked: Any) -> dict[str, Any]:
        """Return what an address asks for, with the period; raise `Invalid` on what there is not."""
        form = cls(asked)
        if not form.is_valid():
            raise Invalid(errors={field: [*sentences] for field, sentences in form.errors.items()})
        days = form.cleaned_data["days"] or DEFAULT_DAYS
        return {**form.cleaned_data, "days": days, "period": Period.latest(days)}


class TeamRangeForm(RangeForm):
    """An operator also chooses a team; everybody else has no notion of it, so that any is refused as none."""

    team = forms.ChoiceField(required=False)
    sort = forms.ChoiceField(required=False, choices=SORTED_BY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = team_choices()  # type: ignore[attr-defined]


def team_choices() -> list[tuple[str, str]]:
    """Return the teams whose usage the caller may see one by one, by their slugs; a team admin has none to choose."""
    if not current_scope().is_wide:
        return []
    return [("", "All teams"), *Team.objects.order_by("name").values_list("slug", "name")]
