"""The form that starts a session."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.forms.fields import OnceForm, TextField
from accounts.names import printable
from benchsessions.forms.naming import TitleField
from benchsessions.models import ApiMode, Environment, QuestionSetVersion
from benchsessions.models.questions import NAME_CHARS
from benchsessions.offers import Offer
from benchsessions.sessions import Asked
from benchsessions.wording import QUESTION_CHARS, number_fault
from tenants.exceptions import ParleyError

MOST_ERRORS: Final = 1000
YES_OR_NO: Final = [("yes", _("Yes")), ("no", _("No"))]
OWN: Final = ("", _("As in my settings"))
MORE: Final = ("with_docs", "with_classify", "reset_session", "batch_size", "max_concurrent", "stop_after_errors")


def _choice(label: Any, standard: tuple[str, Any], **kwargs: Any) -> forms.TypedChoiceField:
    """Return a choice of yes, no and what holds otherwise, which is None."""
    return forms.TypedChoiceField(
        label=label,
        choices=[standard, *YES_OR_NO],
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
        **kwargs,
    )


class VersionField(forms.ModelChoiceField):
    """A choice among versions, each with how many questions it has."""

    def label_from_instance(self, version: Any) -> str:
        words = ngettext(
            "%(set)s, version %(number)d – %(count)d question",
            "%(set)s, version %(number)d – %(count)d questions",
            version.n_questions,
        )
        return words % {"set": version.question_set, "number": version.number, "count": version.n_questions}


class StartForm(OnceForm):
    """What is asked, where and how; `again` are the questions of an earlier session, if they are to be asked."""

    version = VersionField(
        label=_("Question set"), queryset=None, required=False, empty_label=_("None – I paste questions below")
    )
    questions = TextField(
        label=_("Or paste questions"), rows=6, strip=True, help_text=_("One a line, in the order they are asked.")
    )
    environment = forms.ChoiceField(
        label=_("Environment"), choices=Environment.choices, error_messages={"required": _("Choose an environment.")}
    )
    confirmed = forms.BooleanField(label=_("I want to ask production"), required=False)
    api_mode = forms.ChoiceField(label=_("Mode"), choices=[OWN, *ApiMode.choices], required=False)
    title = TitleField()
    set_name = forms.CharField(
        label=_("Keep these questions as a set named"),
        required=False,
        max_length=NAME_CHARS,
        validators=[printable],
        help_text=_("Empty, they belong to this session alone."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    with_docs = _choice(_("Ask for documents"), ("", _("As the questions say")))
    with_classify = _choice(_("Ask for the class"), OWN)
    reset_session = _choice(
        _("Each question on its own"), OWN, help_text=_("“No” asks in order, in one conversation: one at a time.")
    )
    batch_size = forms.IntegerField(
        label=_("Questions in one call"),
        min_value=1,
        max_value=100_000,
        required=False,
        help_text=_("Bench mode. Empty sends the whole list."),
    )
    max_concurrent = forms.IntegerField(
        label=_("Questions at once"),
        min_value=1,
        max_value=1000,
        required=False,
        help_text=_("Backend mode. Empty is what the environment allows, which is also the most."),
    )
    stop_after_errors = forms.IntegerField(
        label=_("Stop after errors in a row"),
        min_value=0,
        max_value=MOST_ERRORS,
        initial=10,
        help_text=_("0 goes on whatever fails."),
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        offers: Sequence[Offer],
        versions: QuerySet[QuestionSetVersion],
        again: Sequence[Asked] | None = None,
        initial: dict[str, Any],
    ) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        self.offers = {offer.environment.value: offer for offer in offers}
        self.again = again
        self.asked: list[Asked] = []
        chosen: Any = self.fields["version"]
        chosen.queryset = versions
        if again is not None:
            del self.fields["version"], self.fields["questions"]

    @property
    def has_hidden_errors(self) -> bool:
        """Tell whether a field that the page folds away is wrong."""
        return bool(self.errors.keys() & {*MORE})

    def clean_environment(self) -> str:
        offer = self.offers[self.cleaned_data["environment"]]
        if offer.obstacle:
            raise forms.ValidationError(offer.obstacle)
        return offer.environment.value

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if offer := self.offers.get(given.get("environment", "")):
            self._clean_mode(offer)
            if offer.is_prod and not given.get("confirmed"):
                self.add_error("confirmed", translated("Say that you mean production."))
        if not self.errors.keys() & {"version", "questions"}:
            self._clean_questions()
        return given

    def _clean_mode(self, offer: Offer) -> None:
        mode = self.cleaned_data.get("api_mode") or offer.mode
        if mode not in offer.modes:
            self.add_error("api_mode", translated("This environment cannot be asked so."))
        self.cleaned_data["api_mode"] = mode

    def _clean_questions(self) -> None:
        version, pasted = self.cleaned_data.get("version"), self.cleaned_data.get("questions", "")
        if version and pasted:
            self.add_error("questions", translated("Choose a set or paste questions, not both."))
        if version and self.cleaned_data.get("set_name"):
            self.add_error("set_name", translated("They are a set already."))
        lines = [(number, line.strip()) for number, line in enumerate(pasted.split("\n"), 1) if line.strip()]
        for number, line in lines:
            if len(line) > QUESTION_CHARS:
                told = {"number": number, "most": QUESTION_CHARS}
                self.add_error("questions", translated("Line %(number)d has more than %(most)d characters.") % told)
                break
        self.asked = [Asked({"body": line, "with_docs": True}) for _number, line in lines]
        if self.again is not None:
            self.asked = [*self.again]
        if self.again is None and not version and not lines:
            self.add_error("questions", translated("Choose a set or paste questions."))
        elif fault := number_fault(version.n_questions if version else len(self.asked)):
            self.add_error(None if self.again is not None else "questions", fault)

    def refuse(self, error: ParleyError) -> None:
        """Show why the session was not started, each sentence at its field."""
        errors: Any = error.errors or {None: [error.sentence]}
        for field, sentences in errors.items():
            self.add_error(field if field in self.fields else None, list(sentences))
