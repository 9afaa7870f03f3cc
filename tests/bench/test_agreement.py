"""Percent agreement and Cohen's kappa: published examples, what must always hold, and where there is none."""

from collections import Counter
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchsessions.agreement import NO_CHOICE, NOTHING_COMMON, OTHER, Agreement, agreement_of, raters_of
from benchsessions.annotating import save_annotation
from benchsessions.models import Analyst, BenchSession
from benchsessions.opinions import ask_second_opinion
from benchsessions.rubric import Rating
from benchsessions.sessions import Asked, create_session
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.factories import AnalystFactory

RATING = st.sampled_from([*Rating.values, "почти верно"])
PAIRS = st.lists(st.tuples(RATING, RATING), max_size=60)


def counted(*rows: list[int]) -> Agreement:
    """Return the agreement of a square table, its rows and columns named by the scale."""
    names = Rating.values[: len(rows)]
    return Agreement(
        Counter({(one, other): rows[names.index(one)][names.index(other)] for one, other in product(names, names)})
    )


@pytest.mark.parametrize(
    ("rows", "share", "kappa"),
    [
        # Three ratings, by hand: p_o = .70, p_e = .6 * .5 + .3 * .3 + .1 * .2 = .41.
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.70, 0.29 / 0.59),
        # Fifty proposals read by two; p_e = .5 * .6 + .5 * .4 = .5.
        ([[20, 5], [10, 15]], 0.70, 0.40),
        # The same share, other margins: p_e = .54 and .46.
        ([[45, 15], [25, 15]], 0.60, 0.06 / 0.46),
        ([[25, 35], [5, 35]], 0.60, 0.14 / 0.54),
        # Less often the same than by chance.
        ([[0, 10], [10, 0]], 0.0, -1.0),
        # As often as by chance.
        ([[25, 25], [25, 25]], 0.5, 0.0),
    ],
)  # fmt: skip
def test_published_and_plain_examples(rows: list[list[int]], share: float, kappa: float) -> None:
    agreement = counted(*rows)
    assert agreement.share == pytest.approx(share)
    assert agreement.kappa == pytest.approx(kappa)
    assert agreement.undefined is None


@given(PAIRS)
def test_it_is_the_same_seen_from_either_side(pairs: list[tuple[str, str]]) -> None:
    one, other = Agreement.of(pairs), Agreement.of((second, first) for first, second in pairs)
    assert (one.common, one.share, one.kappa, one.undefined) == (
        other.common,
        other.share,
        other.kappa,
        other.undefined,
    )


@given(PAIRS)
def test_it_is_a_number_of_its_range_or_a_reason(pairs: list[tuple[str, str]]) -> None:
    agreement = Agreement.of(pairs)
    assert (agreement.kappa is None) == (agreement.undefined is not None) == (agreement.meaning is None)
    if agreement.kappa is not None:
        assert -1 <= agreement.kappa <= 1
        assert (agreement.kappa == 1) == (agreement.share == 1)
        assert agreement.kappa <= agreement.share  # chance never adds


@given(st.lists(RATING, min_size=1, max_size=40))
def test_who_says_the_same_agrees_wholly(ratings: list[str]) -> None:
    agreement = Agreement.of(zip(ratings, ratings, strict=True))
    assert agreement.share == 1
    assert agreement.kappa == (1 if len(set(ratings)) > 1 else None)


@pytest.mark.parametrize(
    ("pairs", "share", "reason"),
    [
        ([], None, NOTHING_COMMON),
        ([("correct", "correct")] * 9, 1, NO_CHOICE),
    ],
)
def test_where_kappa_says_nothing_there_is_none_and_a_reason(
    pairs: list[tuple[str, str]], share: float | None, reason: str
) -> None:
    agreement = Agreement.of(pairs)
    assert (agreement.share, agreement.kappa, agreement.undefined) == (share, None, reason)


@pytest.mark.parametrize(
    "pairs",
    [
        [("correct", "incorrect")] * 9,
        [("correct", "correct")] * 8 + [("correct", "incorrect")],
        [("incorrect", "correct"), ("correct", "correct")],
    ],
)
def test_with_one_who_always_says_the_same_agreement_is_what_chance_gives(pairs: list[tuple[str, str]]) -> None:
    assert Agreement.of(pairs).kappa == 0


@pytest.mark.parametrize(
    ("rows", "meaning"),
    [
        ([[0, 10], [10, 0]], "no better than chance"),
        ([[25, 25], [25, 25]], "no better than chance"),
        ([[45, 15], [25, 15]], "slight agreement"),
        ([[20, 5], [10, 15]], "fair agreement"),
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], "moderate agreement"),
        ([[40, 10], [5, 45]], "substantial agreement"),
        ([[50, 0], [0, 50]], "almost perfect agreement"),
    ],
)
def test_kappa_is_put_into_words(rows: list[list[int]], meaning: str) -> None:
    assert str(counted(*rows).meaning) == meaning


def test_the_table_counts_each_pair_once_in_the_order_of_the_scale() -> None:
    pairs = [("incorrect", "correct"), ("correct", "correct"), ("почти", "верно"), ("correct", "почти")]
    ratings, table = Agreement.of(pairs).table()
    assert ratings == ["correct", "incorrect", OTHER]
    assert table == [[1, 0, 1], [1, 0, 0], [0, 0, 1]]


@given(PAIRS)
def test_the_table_leaves_out_nobody(pairs: list[tuple[str, str]]) -> None:
    agreement = Agreement.of(pairs)
    ratings, table = agreement.table()
    assert sum(map(sum, table)) == agreement.common
    assert len(table) == len(ratings)
    assert all(len(row) == len(ratings) for row in table)


class Rated:
    """A session of six questions: Anna rated five of them, Boris by request four, Vera one of her own accord."""

    def __init__(self, cast: Cast) -> None:
        self.anna, self.boris, self.vera = (AnalystFactory(team=cast.team) for _ in range(3))
        self.session = create_session(
            owner=self.anna,
            environment="psi",
            api_mode="backend",
            questions=[Asked({"body": f"Где тарифы {n}?"}) for n in range(6)],
            response=[{"body": "Ответ"}] * 6,
        )
        ask_second_opinion(session_id=self.session.id, reviewer=self.boris, by=self.anna)
        for index, rating in enumerate(["correct", "correct", "incorrect", "incorrect", "correct"]):
            self.rate(self.anna, index, rating)
        for index, rating in enumerate(["correct", "incorrect", "incorrect", "incorrect"]):
            self.rate(self.boris, index, rating)
        self.rate(self.vera, 5, "correct")

    def rate(self, author: Analyst, index: int, rating: str | None) -> None:
        data = rating and {"overall": {"rating": rating}}
        save_annotation(session_id=self.session.id, index=index, author=author, data=data or None, version=None)


@pytest.fixture
def rated(cast: Cast) -> Any:
    with tenant_scope(cast.team.id):
        yield Rated(cast)


def test_of_a_session_the_answers_count_that_both_rated(rated: Rated, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        agreement = agreement_of(rated.session, rated.anna, rated.boris)
    assert (agreement.common, agreement.same, agreement.share) == (4, 3, 0.75)
    assert agreement.kappa == pytest.approx(0.5)
    assert agreement_of(rated.session, rated.anna, rated.vera).undefined == NOTHING_COMMON


def test_a_rating_taken_back_counts_no_more(rated: Rated) -> None:
    rated.rate(rated.boris, 1, None)
    assert agreement_of(rated.session, rated.anna, rated.boris).common == 3


def test_raters_are_listed_with_those_first_whose_word_counts(rated: Rated, cast: Cast) -> None:
    raters = [(rater.analyst, rater.rated, rater.is_second) for rater in raters_of(rated.session)]
    assert raters == [(rated.anna, 5, False), (rated.vera, 1, False), (rated.boris, 4, True)]
    with tenant_scope(cast.other_team.id):
        assert raters_of(BenchSession(id=rated.session.id)) == []
