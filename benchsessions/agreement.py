"""How far two people agree on the same answers, beyond what chance alone would give."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from uuid import UUID

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.queries import with_people
from benchsessions.models import Analyst, Annotation, BenchSession
from benchsessions.rubric import Rating

OTHER: Final = "other"
NOTHING_COMMON: Final = _("They rated no answer in common.")
NO_CHOICE: Final = _("Both gave one and the same rating each time, so agreement cannot be told from chance.")
# Up to which kappa what is said: Landis and Koch 1977, "The Measurement of Observer Agreement for Categorical Data",
# Biometrics 33, page 165.
MEANINGS: Final[Sequence[tuple[float, str | Promise]]] = [
    (0.0, _("no better than chance")),
    (0.2, _("slight agreement")),
    (0.4, _("fair agreement")),
    (0.6, _("moderate agreement")),
    (0.8, _("substantial agreement")),
    (1.0, _("almost perfect agreement")),
]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two people rated the answers that both of them rated; `pairs` counts (rating of one, rating of the other)."""

    pairs: Counter[tuple[str, str]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Agreement":
        return cls(Counter(pairs))

    @property
    def common(self) -> int:
        """How many answers both rated."""
        return self.pairs.total()

    @property
    def same(self) -> int:
        """How many of them they rated the same."""
        return sum(count for (one, other), count in self.pairs.items() if one == other)

    @property
    def share(self) -> float | None:
        """The share of answers rated the same, None where there is none in common."""
        return self.same / self.common if self.common else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa, (p_o - p_e) / (1 - p_e), None where `undefined` says why.

        p_o is the share rated the same, p_e the share that would be if each gave their ratings as often as they did,
        but to answers at random. Cohen 1960, "A Coefficient of Agreement for Nominal Scales", Educational and
        Psychological Measurement 20, page 40.
        """
        if self.undefined is not None:
            return None
        by_one, by_other = self._sums()
        by_chance = Fraction(sum(by_one[rating] * by_other[rating] for rating in by_one), self.common**2)
        return float((Fraction(self.same, self.common) - by_chance) / (1 - by_chance))

    @property
    def undefined(self) -> str | Promise | None:
        """Why there is no kappa: where both always say the same one thing it is 0/0."""
        if not self.common:
            return NOTHING_COMMON
        return NO_CHOICE if len(self.pairs) == 1 and self.same else None

    @property
    def meaning(self) -> str | Promise | None:
        """What kappa means, in words."""
        kappa = self.kappa
        return None if kappa is None else next(words for most, words in MEANINGS if kappa <= most)

    def table(self) -> tuple[list[str], list[list[int]]]:
        """Return the ratings given, in the order of the scale, and how often each row's met each column's.

        Ratings that are not of the scale stand together under `OTHER`.
        """
        counts: Counter[tuple[str, str]] = Counter()
        for (one, other), count in self.pairs.items():
            counts[_on_scale(one), _on_scale(other)] += count
        given = {rating for pair in counts for rating in pair}
        ratings = [rating for rating in (*Rating.values, OTHER) if rating in given]
        return ratings, [[counts[row, column] for column in ratings] for row in ratings]

    def _sums(self) -> tuple[Counter[str], Counter[str]]:
        by_one: Counter[str] = Counter()
        by_other: Counter[str] = Counter()
        for (one, other), count in self.pairs.items():
            by_one[one] += count
            by_other[other] += count
        return by_one, by_other


@dataclass(frozen=True, slots=True)
class Rater:
    """Somebody who rated answers of a session, and how many."""

    analyst: Analyst
    rated: int
    is_second: bool


def raters_of(session: BenchSession) -> list[Rater]:
    """Return who rated answers of a session: first those whose word counts at once, then by how many they rated."""
    rated = Annotation.objects.filter(session=session).exclude(rating="").order_by().values("author")
    counts = {row["author"]: row for row in rated.annotate(n=Count("pk"), second=Count("pk", filter=Q(is_second=True)))}
    people = with_people(Analyst.objects.filter(id__in=counts), "user")
    found = [Rater(one, counts[one.id]["n"], counts[one.id]["second"] * 2 > counts[one.id]["n"]) for one in people]
    return sorted(found, key=lambda rater: (rater.is_second, -rater.rated))


def agreement_of(session: BenchSession, one: Analyst, other: Analyst) -> Agreement:
    """Return how two people agree on the answers of a session."""
    by_one, by_other = _ratings_by(session, one), _ratings_by(session, other)
    return Agreement.of((rating, by_other[item]) for item, rating in by_one.items() if item in by_other)


def _ratings_by(session: BenchSession, author: Analyst) -> dict[UUID, str]:
    rated = Annotation.objects.filter(session=session, author=author).exclude(rating="")
    return dict(rated.order_by().values_list("item_id", "rating"))


def _on_scale(rating: str) -> str:
    return rating if rating in Rating.values else OTHER
