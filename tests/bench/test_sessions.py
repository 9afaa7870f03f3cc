"""Sessions as rows: whatever is put in comes out again, and answers stand beside their questions."""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchsessions.models import BenchSession, Item, ItemStatus
from benchsessions.queries import annotations_of, requests_of, response_of, session_with
from benchsessions.sessions import Asked, change_session, create_session
from tenants.scope import tenant_scope
from tests.factories import AnalystFactory, BenchSessionFactory

# JSON as both databases keep it: they do not promise the spelling of a number.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
numbers = st.integers(-(10**20), 10**20) | st.integers(-1000, 1000).map(lambda n: n / 8)
documents = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, documents, max_size=3)
indexed = st.builds(lambda answer, index: {**answer, "index": index}, objects, st.integers(-1, 5))
answers = st.lists(documents | indexed | st.just({"question": "Вопрос 1?"}), max_size=5)
responses = (
    answers
    | objects
    | st.builds(
        lambda rest, key, inner: {**rest, key: inner}, objects, st.sampled_from(["answers", "responses"]), answers
    )
)
requests = st.lists(objects, max_size=4).map(
    lambda entries: [{**entry, "body": f"Вопрос {place}?"} for place, entry in enumerate(entries)]
)


@pytest.fixture
def author(cast: Any) -> Any:
    return AnalystFactory(team=cast.team)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(asked=requests, first=responses, second=responses)
def test_any_response_to_any_questions_comes_back_equal(author, asked, first, second):
    with tenant_scope(author.team_id):
        session = create_session(
            owner=author, environment="psi", api_mode="bench", questions=[Asked(one) for one in asked], response=first
        )
        assert (requests_of(session), response_of(session_with(session.id))) == (asked, first)
        change_session(session_id=session.id, author=author, response=second)
        assert response_of(session_with(session.id)) == second
        items = list(Item.objects.filter(session=session).defer(None))
        kept = session_with(session.id)
        assert kept.n_answered == sum(item.status == ItemStatus.OK for item in items)
        assert all(item.answer is None for item in items if item.answer_position is None)


@pytest.mark.parametrize(
    ("response", "statuses", "misaligned"),
    [
        (None, ["pending", "pending"], False),
        ({"answers": []}, ["pending", "pending"], False),
        ({"answers": ["а", {"error": "сбой"}]}, ["ok", "error"], False),
        ({"answers": [{"index": 1, "body": "б"}]}, ["missing", "ok"], True),
        ({"answers": ["а"]}, ["pending", "pending"], True),
        ([None, "б"], ["missing", "ok"], False),
    ],
)
def test_how_each_answer_stands(author, response, statuses, misaligned):
    with tenant_scope(author.team_id):
        questions = [Asked({"body": "Как?"}), Asked({"body": "Где?"})]
        session = create_session(
            owner=author, environment="psi", api_mode="bench", questions=questions, response=response
        )
        assert [item.status for item in Item.objects.filter(session=session)] == statuses
        assert session_with(session.id).is_misaligned is misaligned


def test_an_answer_is_compared_with_the_one_before_it_in_the_same_environment(cast, author):
    def ask(environment: str, *bodies: str) -> list[Item]:
        questions = [Asked({"body": "Как закрыть карту?"}), Asked({"body": " ГДЕ  тарифы?"})]
        response = {"answers": [{"body": body} for body in bodies]}
        made = create_session(
            owner=author, environment=environment, api_mode="bench", questions=questions, response=response
        )
        return list(Item.objects.filter(session=made))

    BenchSessionFactory(owner=AnalystFactory(team=cast.other_team), said="")
    with tenant_scope(author.team_id):
        first = ask("psi", "а", "б")
        assert [item.previous_id for item in first] == [None, None]
        assert [item.previous_id for item in ask("prod", "а", "б")] == [None, None]
        second = ask("psi", "а", "другое")
        assert [item.previous_id for item in second] == [item.id for item in first]
        assert [item.is_changed for item in second] == [False, True]
        BenchSession.objects.filter(id=second[0].session_id).update(deleted_at=second[0].answered_at)
        assert [item.previous_id for item in ask("psi", "а", "б")] == [item.id for item in first]


@pytest.mark.parametrize("status", ["error", "timeout"])
def test_an_error_is_no_other_answer(author, status):
    def ask(answer: dict[str, Any]) -> Item:
        questions = [Asked({"body": "Как закрыть карту?"})]
        made = create_session(owner=author, environment="psi", api_mode="bench", questions=questions, response=[answer])
        return Item.objects.get(session=made)

    with tenant_scope(author.team_id):
        ask({"body": "а"})
        failed = ask({"body": "б", "status": status})
        assert (failed.status, failed.previous is None, failed.is_changed) == (status, False, False)


def laid(session: BenchSession) -> tuple[Any, ...]:
    """Return how the answers of a session stand beside its questions."""
    kept = session_with(session.id)
    items = Item.objects.filter(session=session).defer(None).values_list("status", "answer", "answered_at")
    return kept.is_misaligned, kept.n_answered, kept.replaced_characters, kept.version, list(items)


@pytest.mark.parametrize(
    "came",
    [
        pytest.param([{"body": f"Ответ {n}", "index": n % 2} for n in range(4)], id="batches that count from 0 each"),
        pytest.param([{"body": "Ответ 0"}, None, {"body": "Ответ 2"}], id="a run that ended early"),
    ],
)
def test_our_own_response_sent_back_changes_nothing(author, came):
    with tenant_scope(author.team_id):
        questions = [Asked({"body": f"Вопрос {n}?"}) for n in range(4)]
        session = create_session(owner=author, environment="psi", api_mode="bench", questions=questions)
        for item, answer in zip(Item.objects.filter(session=session), came, strict=False):
            position = None if answer is None else item.index
            Item.objects.filter(id=item.id).update(answer=answer, answer_position=position, status="ok")
        BenchSession.objects.filter(id=session.id).update(
            response_frame={"key": "answers", "rest": {}}, n_answered=len(came), replaced_characters=3
        )
        before, ours = laid(session), response_of(session_with(session.id))
        assert ours == {"answers": came}
        change_session(session_id=session.id, author=author, response=json.loads(json.dumps(ours)))
        assert laid(session) == before


def test_of_a_new_response_only_what_is_other_is_written(author):
    def moments() -> list[Any]:
        return list(Item.objects.filter(session=session).values_list("status", "answered_at"))

    with tenant_scope(author.team_id):
        questions = [Asked({"body": f"Вопрос {n}?"}) for n in range(3)]
        session = create_session(
            owner=author, environment="psi", api_mode="bench", questions=questions, response=[{"body": "а"}, None, 1]
        )
        first = moments()
        change_session(session_id=session.id, author=author, response=[{"body": "а"}, {"body": "б"}, True])
        second = moments()
        assert [status for status, _moment in second] == ["ok", "ok", "ok"]
        assert [before == after for before, after in zip(first, second, strict=True)] == [True, False, False]
        assert response_of(session_with(session.id)) == [{"body": "а"}, {"body": "б"}, True]
        assert session_with(session.id).n_answered == 3


def test_letters_are_kept_as_letters(author):
    with tenant_scope(author.team_id):
        create_session(
            owner=author,
            environment="psi",
            api_mode="bench",
            questions=[Asked({"body": "Карта?"})],
            response=[{"body": "Закройте карту"}],
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(answer AS text) FROM benchsessions_item")
        assert "Закройте карту" in cursor.fetchone()[0]


def test_making_and_changing_take_queries_by_the_batch_and_not_by_the_question(author, django_assert_max_num_queries):
    questions = [Asked({"body": f"Вопрос {n}?"}) for n in range(400)]
    response = json.loads(json.dumps([{"body": f"Ответ {n}"} for n in range(400)]))
    said = {str(n): {"overall": {"rating": "correct"}} for n in range(400)}
    with tenant_scope(author.team_id):
        with django_assert_max_num_queries(25):
            session = create_session(
                owner=author, environment="psi", api_mode="bench", questions=questions, response=response
            )
        for changes in (
            {"annotations": said},
            {"annotations": {index: {"overall": {"rating": f"rating {index}"}} for index in said}},
            {"response": [{"body": f"Другой {n}"} for n in range(400)]},
            {"annotations": said},
        ):
            with django_assert_max_num_queries(25):
                change_session(session_id=session.id, author=author, **changes)
        with django_assert_max_num_queries(3):
            assert annotations_of(session, author) == said
        assert session_with(session.id).n_correct == 400
