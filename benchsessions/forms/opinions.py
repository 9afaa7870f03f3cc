"""Forms of second opinions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PageForm
from accounts.models import User
from accounts.queries import people
from benchsessions.agreement import Rater

SHARES = [(1, _("every answer")), (5, _("every 5th answer")), (10, _("every 10th answer"))]


class AskForm(PageForm):
    """Whom to ask, and about how much."""

    colleague: "forms.ModelChoiceField[User]" = forms.ModelChoiceField(
        label=_("Colleague"), queryset=None, empty_label=None
    )
    every = forms.TypedChoiceField(label=_("To judge"), choices=SHARES, coerce=int, initial=1)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["colleague"]
        field.queryset = people().filter(is_active=True).exclude(id=by.pk).only("email", "full_name", "team")


class PairForm(forms.Form):
    """Whose ratings are compared: two of those who rated, unless said otherwise the first and the first asked."""

    one = forms.ChoiceField(label=_("Ratings of"), required=False)
    other = forms.ChoiceField(label=_("and of"), required=False)

    def __init__(self, asked: Any, raters: list[Rater]) -> None:
        first = raters[0]
        second = next((rater for rater in raters[1:] if rater.is_second), raters[1])
        self.raters = {str(rater.analyst.id): rater for rater in raters}
        self.standard = {"one": str(first.analyst.id), "other": str(second.analyst.id)}
        super().__init__({**self.standard, **{name: asked[name] for name in self.standard if name in asked}})
        names = [(key, f"{rater.analyst} ({rater.rated})") for key, rater in self.raters.items()]
        for field in self.fields.values():
            field.choices = names  # type: ignore[attr-defined]

    @property
    def pair(self) -> tuple[Rater, Rater]:
        """The two; those that are named in no way known are the usual ones."""
        named = self.cleaned_data if self.is_valid() else self.standard
        return self.raters[named["one"]], self.raters[named["other"]]
