"""Judgements: nothing is lost to another author or another tab, and the counts are those of a recount."""

import json
import random
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from benchsessions.annotating import replace_annotations, save_annotation
from benchsessions.exceptions import ChangedMeanwhile, ItemNotFound, SessionNotFound
from benchsessions.filters import ItemFilter, conditions
from benchsessions.locking import lock_session
from benchsessions.models import Analyst, Annotation, AnnotationRevision, BenchSession, Item, SecondOpinion
from benchsessions.rubric import COUNTED_AS
from benchsessions.sections import read_annotation
from benchsessions.sessions import Asked, create_session, lay_response
from tenants.exceptions import Invalid
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.factories import AnalystFactory

RATINGS = ("correct", "partially_correct", "incorrect", "not_applicable", "почти", None)


def said(rating: str | None, comment: str = "") -> dict[str, Any]:
    return {"overall": {"rating": rating, "comment": comment}}


@pytest.fixture
def author(cast: Any) -> Analyst:
    return AnalystFactory(team=cast.team)


@pytest.fixture
def colleague(cast: Any) -> Analyst:
    return AnalystFactory(team=cast.team)


@pytest.fixture
def session(author: Analyst) -> BenchSession:
    with tenant_scope(author.team_id):
        questions = [Asked({"body": f"Вопрос {n}?", "with_docs": True}) for n in range(12)]
        return create_session(owner=author, environment="psi", api_mode="bench", questions=questions)


@pytest.fixture(autouse=True)
def in_team(cast: Any) -> Any:
    with tenant_scope(cast.team.id):
        yield


def save(session: BenchSession, index: int, author: Analyst, data: Any, version: int | None = None) -> Annotation:
    return save_annotation(session_id=session.id, index=index, author=author, data=data, version=version)


def recounted(session: BenchSession) -> dict[str, int]:
    """Count a session's verdicts anew, from the annotations alone."""
    counts = Counter(dict.fromkeys(("n_rated", *COUNTED_AS.values()), 0))
    for item in Item.objects.filter(session=session):
        rated = item.annotations.exclude(rating="").exclude(is_second=True).order_by("-rated_at", "-id")
        verdict = item.decided_rating or next((row.rating for row in rated), "")
        assert item.verdict == verdict, item.index
        assert item.is_disputed == (
            not item.decided_rating and len({*item.annotations.exclude(rating="").values_list("rating", flat=True)}) > 1
        )
        if verdict:
            counts["n_rated"] += 1
            if verdict in COUNTED_AS:
                counts[COUNTED_AS[verdict]] += 1
    return dict(counts)


def counted(session: BenchSession) -> dict[str, int]:
    session.refresh_from_db()
    return {name: getattr(session, name) for name in ("n_rated", *COUNTED_AS.values())}


def test_each_change_is_a_version_and_a_revision_and_the_same_again_is_none(session, author):
    assert save(session, 0, author, said("correct"), 0).version == 1
    version = BenchSession.objects.get().version
    assert save(session, 0, author, said("correct"), 1).version == 1
    assert BenchSession.objects.get().version == version
    assert save(session, 0, author, None, 1).version == 2
    assert save(session, 0, author, None, 2).version == 2
    assert save(session, 0, author, said("incorrect"), 2).version == 3
    revisions = AnnotationRevision.objects.order_by("version").values_list("version", "data")
    assert list(revisions) == [(1, said("correct")), (2, None), (3, said("incorrect"))]


def test_true_and_one_are_two_things_to_say(session, author):
    save(session, 0, author, {"overall": {"rating": "correct", "уверен": [1, {"да": 0}]}}, 0)
    anew: dict[str, Any] = {"overall": {"rating": "correct", "уверен": [True, {"да": False}]}}
    assert save(session, 0, author, anew, 1).version == 2
    assert json.dumps(Annotation.objects.get().data["overall"]["уверен"]) == json.dumps(anew["overall"]["уверен"])
    assert save(session, 0, author, anew, 2).version == 2


def test_another_version_is_refused_with_what_stands(session, author):
    save(session, 0, author, said("correct", "первый"), 0)
    with pytest.raises(ChangedMeanwhile) as refusal:
        save(session, 0, author, said("incorrect"), 0)
    assert refusal.value.body().items() >= {"version": 1, "current": said("correct", "первый")}.items()
    assert refusal.value.headers == {"ETag": '"1"'}
    assert Annotation.objects.get().data == said("correct", "первый")


def test_what_is_not_there_cannot_be_judged(cast, session, author):
    with pytest.raises(ItemNotFound):
        save(session, 12, author, said("correct"))
    with pytest.raises(ItemNotFound):
        replace_annotations(session_id=session.id, author=author, sent={12: said("correct")}, version=None)
    with tenant_scope(cast.other_team.id), pytest.raises(SessionNotFound):
        save(session, 0, author, said("correct"))
    assert not Annotation.objects.exists()


def test_the_latest_rating_counts_and_differing_ones_are_disputed(session, author, colleague):
    save(session, 0, author, said("correct"))
    save(session, 0, colleague, said("incorrect"))
    item = Item.objects.get(index=0)
    assert (item.verdict, item.is_disputed) == ("incorrect", True)
    save(session, 0, author, said("correct", "только слова"))  # not rated anew
    assert Item.objects.get(index=0).verdict == "incorrect"
    save(session, 0, colleague, None)
    item = Item.objects.get(index=0)
    assert (item.verdict, item.is_disputed) == ("correct", False)


def test_a_second_opinion_disputes_and_does_not_count(session, author, colleague):
    SecondOpinion.objects.create(session=session, reviewer=colleague)
    save(session, 0, author, said("correct"))
    replace_annotations(session_id=session.id, author=colleague, sent={0: said("incorrect")}, version=None)
    item = Item.objects.get(index=0)
    assert (item.verdict, item.is_disputed) == ("correct", True)
    save(session, 1, colleague, said("incorrect"))
    assert Item.objects.get(index=1).verdict == ""


def test_a_decision_stands_whatever_is_said_later(session, author, colleague):
    Item.objects.filter(index=0).update(decided_rating="not_applicable")
    save(session, 0, author, said("correct"))
    save(session, 0, colleague, said("incorrect"))
    item = Item.objects.get(index=0)
    assert (item.verdict, item.is_disputed) == ("not_applicable", False)
    assert counted(session) == recounted(session)


def test_the_counts_are_those_of_a_recount_after_anything(session, author, colleague):
    dice = random.Random(6)
    for _round in range(30):
        who = dice.choice([author, colleague])
        if dice.random() < 0.7:
            data = dice.choice([None, {}, said(dice.choice(RATINGS))])
            save(session, dice.randrange(12), who, data)
        else:
            sent = {index: said(dice.choice(RATINGS)) for index in dice.sample(range(12), dice.randrange(8))}
            replace_annotations(session_id=session.id, author=who, sent=sent, version=None)
            own = Annotation.objects.filter(author=who, data__isnull=False)
            assert {row.item.index: row.data for row in own.select_related("item")} == sent
        assert counted(session) == recounted(session)


def test_an_entry_nested_eight_deep_is_kept_and_a_deeper_one_refused():
    def nested(depth: int) -> Any:
        return {"overall": nested_list(depth - 2)} if depth > 1 else {}

    def nested_list(depth: int) -> Any:
        inner: Any = 1
        for _level in range(depth):
            inner = [inner]
        return {"a": inner}

    assert read_annotation(nested(8), "annotations.0")
    with pytest.raises(Invalid):
        read_annotation(nested(9), "annotations.0")


# At the same moment


@pytest.fixture
def teams(cast: Any) -> Any:
    return cast.team.id


@pytest.mark.django_db(transaction=True)
def test_two_authors_and_two_tabs_of_each_lose_nothing(teams, session, author, colleague):
    def work(number: int) -> None:
        who, tab = (author, colleague)[number % 2], number // 2
        with tenant_scope(teams):
            for index in range(tab, 12, 2):
                save(session, index, who, said(RATINGS[index % 5], f"вкладка {number}"), 0)

    at_once(4, work)
    rows = Annotation.objects.filter(session=session)
    assert rows.count() == 24
    assert {row.data["overall"]["comment"] for row in rows.filter(author=colleague)} == {"вкладка 1", "вкладка 3"}
    assert counted(session) == recounted(session)
    assert rows.aggregate(total=Sum("version"))["total"] == AnnotationRevision.objects.count() == 24


@pytest.mark.django_db(transaction=True)
def test_the_same_item_in_two_tabs_gives_one_refusal_with_what_stands(teams, session, author):
    def work(number: int) -> Any:
        with tenant_scope(teams):
            try:
                return save(session, 3, author, said("correct", f"вкладка {number}"), 0).data
            except ChangedMeanwhile as refusal:
                return refusal

    outcomes = at_once(2, work)
    [refusal] = [one for one in outcomes if isinstance(one, ChangedMeanwhile)]
    [kept] = [one for one in outcomes if not isinstance(one, ChangedMeanwhile)]
    assert (refusal.version, refusal.current) == (1, kept)
    assert Annotation.objects.get().data == kept
    assert counted(session) == recounted(session)


@pytest.mark.django_db(transaction=True)
def test_whole_maps_and_single_judgements_at_once_leave_exact_counts(teams, session, author, colleague):
    def work(number: int) -> None:
        dice = random.Random(number)
        who = (author, colleague)[number % 2]
        with tenant_scope(teams):
            for _round in range(4):
                sent = {index: said(dice.choice(RATINGS)) for index in dice.sample(range(12), 6)}
                replace_annotations(session_id=session.id, author=who, sent=sent, version=None)
                save(session, dice.randrange(12), who, said(dice.choice(RATINGS)))

    before = session.version
    at_once(4, work)
    assert counted(session) == recounted(session)
    assert BenchSession.objects.get().version > before


def test_a_verdict_on_an_error_counts_once_there_is_an_answer(session, author):
    with transaction.atomic():
        lay_response(lock_session(session.id), [{"error": "сбой"}] + [{"body": "да"}] * 11)
    save(session, 0, author, said("incorrect"))
    save(session, 1, author, said("correct"))
    assert (counted(session)["n_rated"], session.n_incorrect, session.n_failed) == (1, 0, 1)
    with transaction.atomic():
        lay_response(lock_session(session.id), [{"body": "да"}] * 12)
    assert (counted(session)["n_rated"], session.n_incorrect, session.n_failed) == (2, 1, 0)
    assert counted(session) == recounted(session)


def test_questions_without_an_answer_are_not_among_those_to_rate(session, author):
    with transaction.atomic():
        lay_response(lock_session(session.id), [{"error": "сбой"}] + [{"body": "да"}] * 11)
    unrated = Item.objects.filter(session=session).filter(conditions(session, author)[ItemFilter.UNRATED])
    assert [item.index for item in unrated] == list(range(1, 12))
