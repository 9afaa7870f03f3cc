"""What may be said of an answer: ratings, and what was wrong by the stage it went wrong at.

Other ratings and issues are kept as clients send them; a rating that is not listed is counted as rated and as nothing
else. The codes of retrieval and generation follow Barnett et al. 2024, "Seven Failure Points When Engineering a
Retrieval Augmented Generation System".
"""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OVERALL: Final = "overall"
# Sections that are judged by issues, in the order of the page.
SECTIONS: Final[Mapping[str, str | Promise]] = {
    "body_research": _("Answer"),
    "docs_research": _("Documents"),
    "classification": _("Classification"),
}


class Rating(TextChoices):
    """The scale, in the order of the keys 1 to 4."""

    CORRECT = "correct", _("Correct")
    PARTLY = "partially_correct", _("Partly correct")
    INCORRECT = "incorrect", _("Incorrect")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


# Which count of a session a rating goes into, besides `n_rated`.
COUNTED_AS: Final[Mapping[str, str]] = {
    Rating.CORRECT: "n_correct",
    Rating.PARTLY: "n_partly",
    Rating.INCORRECT: "n_incorrect",
    Rating.NOT_APPLICABLE: "n_not_applicable",
}

ISSUES: Final[Mapping[str, Mapping[str, str | Promise]]] = {
    "knowledge": {
        "missing_content": _("Not in the knowledge base"),
        "outdated_source": _("Outdated source"),
        "conflicting_sources": _("Sources contradict each other"),
    },
    "retrieval": {
        "not_retrieved": _("Right document not found"),
        "not_in_context": _("Right document not used"),
        "irrelevant_docs": _("Irrelevant documents"),
    },
    "generation": {
        "not_extracted": _("Stands in the document, not in the answer"),
        "wrong_format": _("Wrong format"),
        "wrong_specificity": _("Too general or too specific"),
        "incomplete": _("Incomplete"),
        "hallucination": _("Made up"),
        "contradicts_source": _("Contradicts the source"),
    },
    "citation": {
        "no_source": _("No source"),
        "wrong_source": _("Wrong source"),
        "broken_link": _("Broken link"),
    },
    "routing": {
        "wrong_class": _("Wrong class"),
        "should_refuse": _("Should have refused"),
        "wrong_refusal": _("Refused for no reason"),
    },
    "other": {
        "pii_leak": _("Personal data"),
        "tone": _("Tone"),
        "technical_error": _("Technical error"),
        "question_invalid": _("Question makes no sense"),
    },
}
STAGES: Final[Mapping[str, str | Promise]] = {
    "knowledge": _("Knowledge"),
    "retrieval": _("Retrieval"),
    "generation": _("Generation"),
    "citation": _("Citation"),
    "routing": _("Routing"),
    "other": _("Other"),
}
# Which stages' issues the page offers in which section.
STAGES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "body_research": ("generation", "citation", "other"),
    "docs_research": ("knowledge", "retrieval"),
    "classification": ("routing",),
}


def accuracy(*, correct: int, partly: int, rated: int, not_applicable: int) -> tuple[float, float] | None:
    """Return the strict share of correct answers and the lenient one (partly is half), of those rated and applicable.

    None where nothing was rated: what nobody judged is never correct.
    """
    judged = rated - not_applicable
    return (correct / judged, (correct + partly / 2) / judged) if judged > 0 else None
