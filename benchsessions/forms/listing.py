"""What may be asked of the list of sessions."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import MAX_SEARCH_CHARS, PageForm
from accounts.queries import with_people
from benchsessions.forms.naming import TitleField
from benchsessions.models import Analyst, ApiMode, BenchSession, Environment, QuestionSet
from tenants.exceptions import Invalid


class ListForm(forms.Form):
    """Which sessions are shown; empty fields ask for all."""

    environment = forms.ChoiceField(
        label=_("Environment"), required=False, choices=[("", _("All")), *Environment.choices]
    )
    mode = forms.ChoiceField(label=_("Mode"), required=False, choices=[("", _("All")), *ApiMode.choices])
    set: Any = forms.ModelChoiceField(label=_("Question set"), required=False, queryset=None, empty_label=_("All"))
    owner: Any = forms.ModelChoiceField(label=_("Person"), required=False, queryset=None, empty_label=_("Everybody"))
    q = forms.CharField(
        label=_("Title or person"),
        required=False,
        max_length=MAX_SEARCH_CHARS,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    deleted = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, asked: QueryDict) -> None:
        super().__init__(asked, auto_id="filter-%s", label_suffix="")
        sets: Any = self.fields["set"]
        sets.queryset = QuestionSet.objects.filter(
            Exists(BenchSession.objects.filter(question_set_version__question_set=OuterRef("pk")))
        ).order_by("name")
        owners: Any = self.fields["owner"]
        with_sessions = Analyst.objects.filter(Exists(BenchSession.objects.filter(owner=OuterRef("pk"))))
        owners.queryset = with_people(with_sessions, "user")

    @classmethod
    def read(cls, asked: QueryDict) -> "ListForm":
        """Return the form with what an address asks for; raise `Invalid` on what there is not."""
        form = cls(asked)
        if not form.is_valid():
            raise Invalid(errors={field: [*sentences] for field, sentences in form.errors.items()})
        return form

    @property
    def is_narrowed(self) -> bool:
        """Tell whether less than all is asked for."""
        return any(value for name, value in self.cleaned_data.items() if name != "deleted")


class TitleForm(PageForm):
    """What a session is to be called."""

    title = TitleField()
