"""Second opinions: blind until rated, counted only when decided upon."""

from collections import Counter
from typing import Any

import pytest

from benchsessions import opinions
from benchsessions.annotating import replace_annotations, save_annotation
from benchsessions.exceptions import (
    AskedOneself,
    FlagNotFound,
    ItemNotFound,
    OpinionNotFound,
    SessionNotFound,
    StillBlind,
)
from benchsessions.filters import ItemFilter, conditions
from benchsessions.flagging import raise_flag, resolve_flag
from benchsessions.models import Analyst, Annotation, BenchSession, Flag, Item, ItemStatus, SecondOpinion
from benchsessions.sessions import Asked, create_session
from tenants.exceptions import Invalid
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.conftest import Cast
from tests.factories import AnalystFactory, BenchSessionFactory

QUESTIONS = [f"Как закрыть карту {n}?" for n in range(12)]


def said(rating: str, comment: str = "") -> dict[str, Any]:
    return {"overall": {"rating": rating, "comment": comment}}


class Bench:
    """A session of twelve answered questions, of which its person rated the first four, and two colleagues."""

    def __init__(self, cast: Cast) -> None:
        self.anna, self.boris, self.vera = (AnalystFactory(team=cast.team) for _ in range(3))
        self.session = create_session(
            owner=self.anna,
            environment="psi",
            api_mode="backend",
            questions=[Asked({"body": question, "with_docs": True}) for question in QUESTIONS],
            response={"answers": [{"body": f"Ответ {n}"} for n in range(len(QUESTIONS))]},
            annotations={n: said("correct", f"тайна Анны {n}") for n in range(4)},
        )

    def rate(self, author: Analyst, index: int, rating: str | None) -> Annotation:
        data = None if rating is None else said(rating, f"слово {index}")
        return save_annotation(session_id=self.session.id, index=index, author=author, data=data, version=None)

    def ask(self, reviewer: Analyst, *, by: Analyst | None = None, every: int = 1) -> SecondOpinion:
        return opinions.ask_second_opinion(
            session_id=self.session.id, reviewer=reviewer, by=by or self.anna, every=every
        )

    def decide(self, index: int, rating: str, by: Analyst | None = None) -> Item:
        return opinions.decide(session_id=self.session.id, index=index, rating=rating, by=by or self.anna)

    def flag(self, author: Analyst, index: int) -> Flag:
        return raise_flag(session_id=self.session.id, index=index, author=author, comment=f"спор {index}")

    def item(self, index: int) -> Item:
        return Item.objects.get(session=self.session, index=index)

    def now(self) -> BenchSession:
        return BenchSession.objects.get(id=self.session.id)

    def seen(self, viewer: Analyst, index: int) -> set[Analyst]:
        shown = opinions.visible_annotations(self.session, viewer).filter(item__index=index)
        return {annotation.author for annotation in shown}

    def shown(self, viewer: Analyst, name: str) -> list[int]:
        condition = conditions(self.session, viewer)[name]
        return list(Item.objects.filter(condition, session=self.session).values_list("index", flat=True))


@pytest.fixture
def bench(cast: Cast) -> Any:
    with tenant_scope(cast.team.id):
        yield Bench(cast)


def test_whoever_was_not_asked_sees_what_everybody_said(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.rate(bench.boris, 0, "incorrect")
    assert bench.seen(bench.vera, 0) == {bench.anna, bench.boris}
    assert bench.seen(bench.vera, 1) == {bench.anna}


def test_a_reviewer_sees_others_on_an_answer_once_they_rated_it(bench: Bench) -> None:
    bench.ask(bench.boris)
    assert bench.seen(bench.boris, 0) == set()
    bench.rate(bench.boris, 0, "incorrect")
    assert bench.seen(bench.boris, 0) == {bench.anna, bench.boris}
    assert bench.seen(bench.boris, 1) == set()


def test_a_comment_without_a_rating_opens_nobody_elses(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.rate(bench.boris, 0, "")
    assert bench.seen(bench.boris, 0) == {bench.boris}


def test_a_rating_taken_back_closes_the_eyes_again(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.rate(bench.boris, 0, "correct")
    bench.rate(bench.boris, 0, None)
    assert bench.seen(bench.boris, 0) == set()


def test_two_reviewers_do_not_see_each_other(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.ask(bench.vera)
    bench.rate(bench.boris, 0, "incorrect")
    assert bench.seen(bench.vera, 0) == set()


def test_the_verdict_that_counts_and_a_dispute_are_covered(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.ask(bench.vera)
    bench.rate(bench.vera, 0, "incorrect")
    bench.rate(bench.boris, 1, "incorrect")
    bench.decide(2, "incorrect")
    items = list(Item.objects.filter(session=bench.session).order_by("index")[:3])
    assert [(item.verdict, item.is_disputed) for item in items] == [
        ("correct", True),
        ("correct", True),
        ("incorrect", False),
    ]
    sight = opinions.sight_of(bench.boris, bench.session.id)
    sight.cover(items)
    assert [(item.verdict, item.is_disputed) for item in items] == [("", False), ("correct", True), ("", False)]
    assert (items[2].decided_rating, items[2].decided_by, items[2].decided_at) == ("", None, None)
    assert sight.is_blind
    assert not opinions.sight_of(bench.anna, bench.session.id).is_blind


def test_one_is_blind_in_the_session_one_was_asked_about_alone(bench: Bench, cast: Cast) -> None:
    other = BenchSessionFactory(owner=bench.anna)
    bench.ask(bench.boris)
    sight = opinions.sight_of(bench.boris, bench.session.id, other.id)
    assert [sight.sees(item) for item in (bench.item(0), Item.objects.get(session=other, index=0))] == [False, True]


@pytest.mark.parametrize(("everybody", "reads"), [("anna", 1), ("boris", 3)])
def test_what_one_may_see_is_known_in_one_query_or_three(
    bench: Bench, django_assert_num_queries: Any, everybody: str, reads: int
) -> None:
    bench.ask(bench.boris)
    for index in range(6):
        bench.rate(bench.boris, index, "correct")
    with django_assert_num_queries(reads):
        opinions.sight_of(getattr(bench, everybody), bench.session.id)


def test_a_reviewer_sees_a_flag_of_their_own_and_others_once_they_rated(bench: Bench) -> None:
    bench.ask(bench.boris)
    theirs = [bench.flag(bench.vera, index) for index in range(3)]
    own = bench.flag(bench.boris, 1)
    bench.rate(bench.boris, 2, "correct")
    assert set(opinions.visible_flags(bench.session, bench.boris)) == {own, theirs[2]}
    assert set(opinions.visible_flags(bench.session, bench.anna)) == {own, *theirs}
    items = list(Item.objects.filter(session=bench.session).order_by("index")[:3])
    opinions.sight_of(bench.boris, bench.session.id).cover(items)
    assert [item.is_flagged for item in items] == [False, True, True]
    assert bench.shown(bench.boris, ItemFilter.FLAGGED) == [1, 2]
    assert bench.shown(bench.anna, ItemFilter.FLAGGED) == [0, 1, 2]
    resolve_flag(session_id=bench.session.id, flag_id=own.id, by=bench.boris)
    assert bench.shown(bench.boris, ItemFilter.FLAGGED) == [2]


def test_nobody_resolves_a_flag_that_they_may_not_see(bench: Bench) -> None:
    bench.ask(bench.boris)
    flag = bench.flag(bench.vera, 0)
    with pytest.raises(FlagNotFound):
        resolve_flag(session_id=bench.session.id, flag_id=flag.id, by=bench.boris)
    bench.rate(bench.boris, 0, "correct")
    assert resolve_flag(session_id=bench.session.id, flag_id=flag.id, by=bench.boris).resolved_by == bench.boris


def test_counts_of_a_session_are_none_to_whoever_was_asked_also_when_they_judged_what_is_theirs(bench: Bench) -> None:
    bench.ask(bench.boris, every=12)
    bench.rate(bench.boris, 0, "incorrect")
    bench.flag(bench.vera, 5)
    other = BenchSessionFactory(owner=bench.anna)
    shown = [bench.now(), BenchSession.objects.get(id=other.id)]
    opinions.cover_counts(bench.boris, shown)
    assert [[getattr(session, name) for name in opinions.TOLD] for session in shown] == [[None] * 6, [1, 1, 0, 0, 0, 0]]
    assert (shown[0].n_questions, shown[0].n_answered, shown[0].n_failed) == (12, 12, 0)
    shown = [bench.now()]
    opinions.cover_counts(bench.vera, shown)
    assert [getattr(shown[0], name) for name in opinions.TOLD] == [4, 4, 0, 0, 0, 1]


def test_filters_tell_a_reviewer_nothing_of_others(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.ask(bench.vera)
    bench.rate(bench.vera, 0, "incorrect")
    bench.rate(bench.boris, 1, "incorrect")
    assert bench.shown(bench.anna, ItemFilter.DISPUTED) == [0, 1]
    assert bench.shown(bench.boris, ItemFilter.DISPUTED) == [1]
    assert bench.shown(bench.anna, ItemFilter.UNRATED) == list(range(4, 12))
    assert bench.shown(bench.boris, ItemFilter.UNRATED) == [0, *range(2, 12)]


def test_to_a_reviewer_of_every_fifth_unrated_are_their_own_alone(bench: Bench) -> None:
    bench.ask(bench.boris, every=5)
    bench.rate(bench.boris, 5, "correct")
    bench.rate(bench.boris, 6, "correct")
    assert bench.shown(bench.boris, ItemFilter.UNRATED) == [0, 10]


def test_to_a_reviewer_an_error_is_nothing_to_judge(bench: Bench) -> None:
    bench.ask(bench.boris)
    Item.objects.filter(session=bench.session, index__lt=10).update(status=ItemStatus.ERROR)
    assert bench.shown(bench.boris, ItemFilter.UNRATED) == [10, 11]
    assert bench.shown(bench.anna, ItemFilter.UNRATED) == [10, 11]


def test_a_second_opinion_counts_only_when_decided_upon(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.rate(bench.boris, 0, "incorrect")
    bench.rate(bench.boris, 7, "incorrect")
    assert (bench.item(0).verdict, bench.item(0).is_disputed) == ("correct", True)
    assert bench.item(7).verdict == ""
    assert (bench.now().n_rated, bench.now().n_correct, bench.now().n_incorrect) == (4, 4, 0)
    decided = bench.decide(0, "incorrect", by=bench.vera)
    assert (decided.verdict, decided.is_disputed, decided.decided_by) == ("incorrect", False, bench.vera)
    assert decided.decided_at is not None
    assert (bench.now().n_rated, bench.now().n_correct, bench.now().n_incorrect) == (4, 3, 1)


def test_what_is_decided_stands_when_people_rate_on(bench: Bench) -> None:
    bench.decide(0, "incorrect")
    bench.rate(bench.anna, 0, "partially_correct")
    assert (bench.item(0).verdict, bench.item(0).is_disputed) == ("incorrect", False)


def test_a_decision_taken_back_leaves_what_was_before(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.rate(bench.boris, 0, "incorrect")
    bench.decide(0, "incorrect")
    undone = opinions.undecide(session_id=bench.session.id, index=0, by=bench.anna)
    assert (undone.verdict, undone.is_disputed, undone.decided_by) == ("correct", True, None)
    assert (bench.now().n_correct, bench.now().n_incorrect) == (4, 0)


def test_the_same_decision_again_changes_nothing(bench: Bench) -> None:
    bench.decide(0, "incorrect")
    version, at = bench.now().version, bench.item(0).decided_at
    bench.decide(0, "incorrect", by=bench.vera)
    assert (bench.now().version, bench.item(0).decided_at) == (version, at)


def test_one_may_decide_for_a_rating_that_somebody_gave_or_one_of_the_scale(bench: Bench) -> None:
    bench.rate(bench.vera, 0, "почти верно")
    assert bench.decide(0, "почти верно").verdict == "почти верно"
    assert bench.decide(0, "not_applicable").verdict == "not_applicable"
    for nonsense in ("", "верно"):
        with pytest.raises(Invalid):
            bench.decide(0, nonsense)
    assert bench.item(0).verdict == "not_applicable"


def test_whoever_was_asked_neither_decides_nor_asks_nor_withdraws(bench: Bench) -> None:
    bench.ask(bench.boris)
    attempts = [
        lambda: bench.decide(0, "incorrect", by=bench.boris),
        lambda: opinions.undecide(session_id=bench.session.id, index=0, by=bench.boris),
        lambda: bench.ask(bench.vera, by=bench.boris),
        lambda: opinions.withdraw(session_id=bench.session.id, reviewer=bench.boris, by=bench.boris),
    ]
    for attempt in attempts:
        with pytest.raises(StillBlind):
            attempt()
    assert bench.item(0).verdict == "correct"
    assert SecondOpinion.objects.get().reviewer == bench.boris


def test_nobody_asks_themselves(bench: Bench) -> None:
    with pytest.raises(AskedOneself):
        bench.ask(bench.anna)
    assert not SecondOpinion.objects.exists()


@pytest.mark.parametrize("every", [0, -1, 101])
def test_every_is_a_number_that_makes_sense(bench: Bench, every: int) -> None:
    with pytest.raises(Invalid):
        bench.ask(bench.boris, every=every)


def test_asking_again_changes_which_answers_are_theirs(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.ask(bench.boris, by=bench.vera, every=5)
    opinion = SecondOpinion.objects.get()
    assert (opinion.every, opinion.asked_by) == (5, bench.vera)


def test_what_was_rated_before_counts_as_ever_and_what_comes_is_second(bench: Bench) -> None:
    bench.rate(bench.boris, 5, "correct")
    bench.rate(bench.boris, 6, "")
    bench.ask(bench.boris)
    bench.rate(bench.boris, 5, "incorrect")
    bench.rate(bench.boris, 6, "incorrect")
    bench.rate(bench.boris, 7, "incorrect")
    assert [bench.item(index).verdict for index in (5, 6, 7)] == ["incorrect", "", ""]


def test_annotations_sent_as_a_whole_are_second_too(bench: Bench) -> None:
    bench.ask(bench.boris)
    sent = {0: said("incorrect"), 8: said("incorrect")}
    replace_annotations(session_id=bench.session.id, author=bench.boris, sent=sent, version=None)
    assert [bench.item(index).verdict for index in (0, 8)] == ["correct", ""]
    assert bench.item(0).is_disputed


def test_withdrawn_a_reviewer_sees_all_and_counts_again_with_what_they_rate_from_now_on(bench: Bench) -> None:
    bench.ask(bench.boris)
    bench.rate(bench.boris, 7, "incorrect")
    bench.rate(bench.boris, 8, "")
    opinions.withdraw(session_id=bench.session.id, reviewer=bench.boris, by=bench.vera)
    assert bench.seen(bench.boris, 0) == {bench.anna}
    bench.rate(bench.boris, 8, "incorrect")
    bench.rate(bench.boris, 9, "incorrect")
    assert [bench.item(index).verdict for index in (7, 8, 9)] == ["", "incorrect", "incorrect"]
    with pytest.raises(OpinionNotFound):
        opinions.withdraw(session_id=bench.session.id, reviewer=bench.boris, by=bench.anna)


def test_how_far_a_reviewer_is(bench: Bench) -> None:
    bench.ask(bench.boris, every=5)
    bench.ask(bench.vera)
    for index in (0, 1, 5):
        bench.rate(bench.boris, index, "correct")
    bench.rate(bench.vera, 3, "correct")
    Item.objects.filter(session=bench.session, index__in=(10, 11)).update(status="error")
    found = {row.reviewer: (row.n_given, row.n_asked) for row in opinions.opinions_on(bench.session)}
    assert found == {bench.boris: (2, 2), bench.vera: (1, 10)}


def test_a_session_is_asked_of_somebody_until_they_rated_all_that_is_theirs(bench: Bench) -> None:
    bench.ask(bench.boris, every=5)
    for index in (0, 5, 10):
        assert [row.session for row in opinions.asked_of(bench.boris)] == [bench.session]
        bench.rate(bench.boris, index, "correct")
    assert not opinions.asked_of(bench.boris).exists()
    bench.ask(bench.boris)
    assert opinions.asked_of(bench.boris).count() == 1
    BenchSession.objects.update(deleted_at=bench.session.created_at)
    assert not opinions.asked_of(bench.boris).exists()


def test_a_session_of_another_team_is_none(bench: Bench, cast: Cast) -> None:
    with tenant_scope(cast.other_team.id):
        stranger, colleague = AnalystFactory(team=cast.other_team), AnalystFactory(team=cast.other_team)
        with pytest.raises(SessionNotFound):
            bench.ask(colleague, by=stranger)
        with pytest.raises(SessionNotFound):
            bench.decide(0, "incorrect", by=stranger)


def test_a_question_that_the_session_lacks_is_none(bench: Bench) -> None:
    with pytest.raises(ItemNotFound):
        bench.decide(12, "incorrect")


@pytest.mark.django_db(transaction=True)
def test_counts_stay_exact_while_people_rate_decide_and_ask_at_once(cast: Cast) -> None:
    with tenant_scope(cast.team.id):
        bench = Bench(cast)
        people = [bench.anna, bench.boris, bench.vera]
        calls = [lambda person=person: bench.rate(person, 5, "correct") for person in people]
        calls += [lambda: bench.decide(5, "incorrect"), lambda: bench.decide(0, "incorrect", by=bench.vera)]
        calls += [lambda: opinions.undecide(session_id=bench.session.id, index=5, by=bench.anna)]
        calls += [
            lambda: bench.ask(AnalystFactory(team=cast.team)),
            lambda: bench.rate(bench.anna, 0, "not_applicable"),
        ]

    def call(number: int) -> None:
        with tenant_scope(cast.team.id):
            calls[number]()

    before = bench.session.version
    at_once(len(calls), call)
    with tenant_scope(cast.team.id):
        verdicts = Counter(Item.objects.filter(session=bench.session).values_list("verdict", flat=True))
        now = bench.now()
        assert now.n_rated == sum(count for verdict, count in verdicts.items() if verdict)
        assert (now.n_correct, now.n_incorrect) == (verdicts["correct"], verdicts["incorrect"])
        assert bench.item(0).verdict == "incorrect"
        assert now.version > before
