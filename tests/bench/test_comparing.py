"""Sessions beside each other: which questions are the same, what became of them, and what a reader may see of it."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from benchsessions.aligning import align
from benchsessions.annotating import save_annotation
from benchsessions.comparing import Cell, Change, Comparison, Show, change, compare
from benchsessions.diffs import word_diff
from benchsessions.models import Analyst, BenchSession
from benchsessions.opinions import ask_second_opinion
from benchsessions.queries import analyst_of
from benchsessions.sessions import Asked, create_session
from benchsessions.side_by_side import SHOWN_CHARS, side_by_side
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.factories import AnalystFactory, BenchSessionFactory


@dataclass(frozen=True)
class Named:
    key: str
    external_id: str = ""


def pairs(first: list[Named], second: list[Named]) -> set[tuple[int, int]]:
    """Return which places of two lists are the same question; each question is told apart by its identity."""
    places = [{id(cell): place for place, cell in enumerate(cells)} for cells in (first, second)]
    rows = align([first, second])
    return {(places[0][id(a)], places[1][id(b)]) for a, b in rows if a is not None and b is not None}


questions = st.lists(
    st.builds(Named, st.sampled_from(["как", "где", "что"]), st.sampled_from(["", "", "1", "2"])), max_size=8
)
plain = st.lists(st.builds(Named, st.sampled_from(["как", "где", "что", "кто"])), max_size=8)


@given(st.lists(questions, min_size=1, max_size=4))
def test_each_question_of_each_session_stands_in_one_row(sessions: list[list[Named]]) -> None:
    rows = align(sessions)
    for place, cells in enumerate(sessions):
        laid = [row[place] for row in rows if row[place] is not None]
        assert sorted(map(id, laid)) == sorted(map(id, cells))
    assert all(any(cell is not None for cell in row) for row in rows)
    assert [row[0] for row in rows[: len(sessions[0])]] == sessions[0]


@given(st.lists(questions, min_size=2, max_size=4))
def test_no_row_holds_two_ids_and_what_is_the_same_has_an_id_or_its_words_in_common(
    sessions: list[list[Named]],
) -> None:
    for row in align(sessions):
        cells = [cell for cell in row if cell is not None]
        assert len({cell.external_id for cell in cells if cell.external_id}) <= 1
        keys = {cell.key for cell in cells}
        assert all(cell.external_id for cell in cells if cell.key != cells[0].key) or len(keys) == 1


@given(plain, plain, st.randoms())
def test_without_ids_the_nth_of_equal_questions_belongs_to_the_nth_whatever_the_order(
    first: list[Named], second: list[Named], random: Any
) -> None:
    found = pairs(first, second)
    assert {(b, a) for a, b in found} == pairs(second, first)
    for a, b in found:
        assert first[a].key == second[b].key
        assert [cell.key for cell in first[:a]].count(first[a].key) == [c.key for c in second[:b]].count(first[a].key)
    shuffled = random.sample(second, len(second))
    keys = [[cell.key for cell in cells] for cells in (first, shuffled)]
    assert len(pairs(first, shuffled)) == sum(min(keys[0].count(key), keys[1].count(key)) for key in set(keys[0]))


def test_an_id_goes_before_the_words_and_two_ids_are_never_the_same() -> None:
    reworded = [Named("Как закрыть карту?", "7"), Named("Где тарифы?", "8")]
    again = [Named("Где тарифы?", "9"), Named("Как закрыть счёт?", "7")]
    assert pairs(reworded, again) == {(0, 1)}


def test_where_one_has_no_id_the_words_decide() -> None:
    assert pairs([Named("как", "7"), Named("где")], [Named("где", "8"), Named("как")]) == {(0, 1), (1, 0)}


RATINGS = ["correct", "partially_correct", "incorrect", "not_applicable", "странно", ""]
ORDER = {"incorrect": 0, "partially_correct": 1, "correct": 2}


def cell(verdict: str, status: str = "ok") -> Cell:
    return Cell(uuid4(), 0, "", "", status, "", verdict, is_hidden=False)


@pytest.mark.parametrize("after", RATINGS)
@pytest.mark.parametrize("before", RATINGS)
def test_every_pair_of_verdicts_has_its_change(before: str, after: str) -> None:
    found = change(cell(before), cell(after))
    if not (before and after):
        assert found == Change.UNJUDGED
    elif before not in ORDER or after not in ORDER:
        assert found == Change.INCOMPARABLE
    else:
        step = ORDER[after] - ORDER[before]
        assert found == (Change.SAME if step == 0 else Change.IMPROVED if step > 0 else Change.REGRESSED)


@pytest.mark.parametrize("status", ["error", "timeout", "missing"])
def test_an_error_is_no_wrong_answer(status: str) -> None:
    assert change(cell("correct"), cell("incorrect", status)) == Change.ERROR
    assert change(cell("incorrect", status), cell("correct")) == Change.ERROR
    assert change(None, cell("correct", status)) == change(cell("correct"), None) == Change.MISSING


def session_of(owner: Analyst, *rows: tuple[str, str, str], **fields: Any) -> BenchSession:
    """Make a session of questions with answer and rating; `!` is an error, no rating is none."""
    answers = [{"error": {"message": "504"}} if answer == "!" else {"body": answer} for _q, answer, _r in rows]
    return create_session(
        owner=owner,
        environment="psi",
        api_mode="backend",
        questions=[Asked({"body": question}) for question, _a, _r in rows],
        response={"answers": answers},
        annotations={n: {"overall": {"rating": rating}} for n, (_q, _a, rating) in enumerate(rows) if rating},
        **fields,
    )


@pytest.fixture
def anna(cast: Cast) -> Any:
    """Somebody of our team, in its scope."""
    with tenant_scope(cast.team.id):
        yield analyst_of(cast.owner)


BEFORE = [
    ("Как закрыть карту?", "Позвоните в банк.", "correct"),
    ("Где тарифы?", "На сайте.", "incorrect"),
    ("Какая ставка?", "Двенадцать.", "correct"),
    ("Есть ли комиссия?", "Нет.", "not_applicable"),
    ("Когда платить?", "!", "incorrect"),
    ("Кому звонить?", "В отделение.", "correct"),
]
AFTER = [
    ("Кто вы?", "Банк.", ""),
    ("Какая ставка?", "Тринадцать.", "incorrect"),
    ("Где тарифы?", "На сайте банка.", "partially_correct"),
    ("как закрыть  КАРТУ?", "Позвоните в банк.", "correct"),
    ("Когда платить?", "Первого числа.", "correct"),
    ("Есть ли комиссия?", "Нет.", "correct"),
]


def compared(anna: Analyst) -> Comparison:
    return compare([session_of(anna, *BEFORE), session_of(anna, *AFTER)], anna)


def test_questions_meet_whatever_their_place_and_their_changes_are_counted(anna: Analyst) -> None:
    comparison = compared(anna)
    changes = [row.changes[0] for row in comparison.rows]
    assert changes == ["same", "improved", "regressed", "incomparable", "error", "missing", "missing"]
    assert {name: n for name, n in comparison.totals[1].changes.items() if n} == {
        "same": 1,
        "improved": 1,
        "regressed": 1,
        "incomparable": 1,
        "error": 1,
        "missing": 2,
    }
    assert comparison.counts() == {
        "all": 7,
        "different": 6,
        "improved": 1,
        "regressed": 1,
        "missing": 2,
        "answers": 3,
    }


def test_accuracy_is_of_those_rated_without_errors_and_also_of_those_that_all_have_judged(anna: Analyst) -> None:
    before, after = compared(anna).totals
    assert (before.judged.rated, before.judged.questions, before.failed) == (5, 6, 1)
    assert (before.judged.strict, before.judged.lenient) == (3 / 4, 3 / 4)
    assert (after.judged.rated, after.judged.questions) == (5, 6)
    assert (after.judged.strict, after.judged.lenient) == (3 / 5, 3.5 / 5)
    assert before.common.questions == after.common.questions == 3
    assert (before.common.strict, after.common.strict, after.common.lenient) == (2 / 3, 1 / 3, 1.5 / 3)


def test_what_nobody_rated_has_no_accuracy(anna: Analyst) -> None:
    blank = session_of(anna, ("Где тарифы?", "На сайте.", ""))
    total = compare([blank, blank], anna).totals[0]
    assert (total.judged.rated, total.judged.strict, total.judged.percents) == (0, None, [])


def test_ids_of_the_set_go_before_the_words(anna: Analyst) -> None:
    first = [Asked({"body": "Как закрыть карту?"}, {"external_id": "q-1"}), Asked({"body": "Где тарифы?"})]
    second = [
        Asked({"body": "Где тарифы?"}, {"external_id": "q-2"}),
        Asked({"body": "Карту закрыть как?"}, {"external_id": "q-1"}),
        Asked({"body": "Как закрыть карту?"}, {"external_id": None}),
    ]
    sessions = [
        create_session(owner=anna, environment="psi", api_mode="backend", questions=asked) for asked in (first, second)
    ]
    rows = [[cell and cell.position for cell in row.cells] for row in compare(sessions, anna).rows]
    assert rows == [[0, 1], [1, 0], [None, 2]]


def test_sessions_are_compared_without_what_was_sent_and_answered(anna: Analyst) -> None:
    sessions = [session_of(anna, *BEFORE), session_of(anna, *AFTER)]
    with CaptureQueriesContext(connection) as queries:
        assert compare(sessions, anna).totals
    assert len(queries) == 2
    for column in ("request", "answer", "question", "data"):
        assert not [query["sql"] for query in queries if f'"{column}"' in query["sql"]]


def test_answers_of_the_rows_shown_are_compared_by_words_in_one_query(anna: Analyst) -> None:
    comparison = compared(anna)
    row = next(row for row in comparison.rows if row.changes[0] == Change.REGRESSED)
    with CaptureQueriesContext(connection) as queries:
        (shown,) = side_by_side([row], comparison.totals)
    assert len(queries) == 1
    assert shown.question == "Какая ставка?"
    assert [(piece.kind, piece.text) for piece in shown.sides[1].pieces or ()] == [
        ("gone", "Двенадцать"),
        ("new", "Тринадцать"),
        ("same", "."),
    ]


def test_a_text_of_any_length_and_kind_is_compared_in_time() -> None:
    old, new = ("один два " * 20_000), ("два один " * 20_000)
    pieces = word_diff(old, new, 0.0)
    assert {piece.kind for piece in pieces} == {"gone", "new"}


def test_a_long_answer_is_cut(anna: Analyst) -> None:
    long = session_of(anna, ("Где тарифы?", "слово " * SHOWN_CHARS, ""))
    comparison = compare([long, session_of(anna, ("Где тарифы?", "слово", ""))], anna)
    (shown,) = side_by_side(comparison.rows, comparison.totals)
    assert shown.sides[0].is_cut
    assert len(shown.sides[0].shown_text) == SHOWN_CHARS


# The page


@pytest.fixture
def two(cast: Cast) -> list[BenchSession]:
    with tenant_scope(cast.team.id):
        anna = analyst_of(cast.owner)
        return [session_of(anna, *BEFORE, title="До"), session_of(anna, *AFTER, title="После")]


def address(*sessions: Any, **asked: Any) -> str:
    named = "&".join(f"s={getattr(session, 'id', session)}" for session in sessions)
    return f"/bench/compare?{named}" + "".join(f"&{name}={value}" for name, value in asked.items())


def text_of(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_the_page_shows_totals_changes_and_answers(cast: Cast, sits: Any, two: list[BenchSession]) -> None:
    page = sits(cast.teammate).get(address(*two))
    text = text_of(page)
    assert "75 %" in text
    assert "5 of 6 rated" in text
    assert "3 questions" in text
    html = page.content.decode()
    assert "<del>Двенадцать</del><ins>Тринадцать</ins>" in html
    assert f'/bench/sessions/{two[1].id}?item=2"' in html


@pytest.mark.parametrize(
    ("show", "shown"),
    [
        (Show.IMPROVED, {"Где тарифы?"}),
        (Show.REGRESSED, {"Какая ставка?"}),
        (Show.MISSING, {"Кто вы?", "Кому звонить?"}),
        (Show.ANSWERS, {"Где тарифы?", "Какая ставка?", "Когда платить?"}),
    ],
)
def test_the_page_shows_only_what_is_asked_for(
    cast: Cast, sits: Any, two: list[BenchSession], show: str, shown: set[str]
) -> None:
    html = sits(cast.owner).get(address(*two, show=show)).content.decode()
    assert set(re.findall(r'class="compare-question">([^<]+)<', html)) == shown


def test_what_is_marked_in_the_list_is_compared_with_the_oldest(cast: Cast, sits: Any, two: list[BenchSession]) -> None:
    browser = sits(cast.owner)
    assert '<input type="hidden" name="first" value="oldest">' in browser.get("/bench").content.decode()
    for order in (two, two[::-1]):
        page = browser.get(address(*order, first="oldest"))
        assert [total.session for total, _address in page.context["sides"]] == two
    assert [total.session for total, _address in browser.get(address(*two[::-1])).context["sides"]] == two[::-1]


def test_a_search_knows_no_capital_letters(cast: Cast, sits: Any, two: list[BenchSession]) -> None:
    html = sits(cast.owner).get(address(*two, q="КАКАЯ")).content.decode()
    assert re.findall(r'class="compare-question">([^<]+)<', html) == ["Какая ставка?"]


def test_what_people_and_services_wrote_is_shown_as_text(cast: Cast, sits: Any) -> None:
    evil = "<script>alert(1)</script>"
    with tenant_scope(cast.team.id):
        anna = analyst_of(cast.owner)
        sessions = [
            session_of(anna, (f"{evil}?", f"{evil} {n}", evil[:60]), (f"{evil}!", "!", ""), title=evil) for n in "ab"
        ]
    html = sits(cast.owner).get(address(*sessions)).content.decode()
    assert "&lt;script&gt;" in html
    assert evil not in html


@pytest.mark.parametrize("asked", ["", "choose=1", "s={0}", "s={0}&s={0}", "s={0}&s={1}&choose=1"])
def test_sessions_are_chosen_where_there_are_not_two_to_four(
    cast: Cast, sits: Any, two: list[BenchSession], asked: str
) -> None:
    page = sits(cast.owner).get("/bench/compare?" + asked.format(two[0].id, two[1].id))
    html = page.content.decode()
    assert page.status_code == 200
    assert html.count('type="checkbox"') == 2
    assert html.count("checked") == asked.count("s=") - (asked.count("{0}") > 1)


def test_a_foreign_a_deleted_and_no_session_are_the_same(cast: Cast, sits: Any, two: list[BenchSession]) -> None:
    foreign = BenchSessionFactory(owner=AnalystFactory(team=cast.other_team))
    browser = sits(cast.owner)
    with tenant_scope(cast.team.id):
        gone = session_of(analyst_of(cast.owner), *BEFORE)
        BenchSession.objects.filter(id=gone.id).update(deleted_at=timezone.now())
    for other in (foreign, gone, uuid4(), "none", "%00", f"{two[0].id}x"):
        assert browser.get(address(two[0], other)).status_code == 404
        assert browser.get(address(other, choose=1)).status_code == 404


@pytest.mark.parametrize("asked", [{"show": "nothing"}, {"q": "%00"}, {"q": "x" * 201}])
def test_what_there_is_not_is_refused(cast: Cast, sits: Any, two: list[BenchSession], asked: dict[str, str]) -> None:
    assert sits(cast.owner).get(address(*two, **asked)).status_code == 400


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 40])
def test_a_page_that_there_is_not_is_one_that_there_is(
    cast: Cast, sits: Any, two: list[BenchSession], page: str
) -> None:
    assert "Где тарифы?" in sits(cast.owner).get(address(*two, page=page)).content.decode()


def test_the_number_of_queries_is_the_same_for_one_question_and_for_many(cast: Cast, sits: Any) -> None:
    browser = sits(cast.owner)
    counts = []
    for size in (1, 60):
        rows = [(f"Вопрос {n}?", f"Ответ {n}", "correct") for n in range(size)]
        with tenant_scope(cast.team.id):
            anna = analyst_of(cast.owner)
            sessions = [session_of(anna, *rows) for _ in range(4)]
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address(*sessions)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


# Blind


def test_whoever_is_still_to_judge_learns_no_verdict_before(
    cast: Cast, sits: Any, client_of: Any, two: list[BenchSession]
) -> None:
    with tenant_scope(cast.team.id):
        boris = analyst_of(cast.teammate)
        ask_second_opinion(session_id=two[1].id, reviewer=boris, by=analyst_of(cast.owner))
        item = save_annotation(
            session_id=two[1].id, index=2, author=boris, data={"overall": {"rating": "correct"}}, version=None
        ).item
        comparison = compare(two, boris)
        seen = {cell.id for row in comparison.rows if (cell := row.cells[1]) and cell.verdict}
        assert seen == {item.id}
        assert comparison.totals[1].hidden == 5
        assert comparison.totals[1].judged.rated == 1
        assert compare(two, analyst_of(cast.owner)).totals[1].hidden == 0
    html = sits(cast.teammate).get(address(two[1], two[1], two[0])).content.decode()
    assert "hidden until you judge" in html
    answer = client_of(cast.teammate).get("/api" + address(*two)).json()
    told = [row["sessions"][1]["verdict"] for row in answer["questions"] if row["sessions"][1]]
    assert sorted(told) == ["", "", "", "", "", "partially_correct"]
    assert answer["sessions"][1]["changes"]["regressed"] == 0


# For programs


def test_a_program_gets_the_same(cast: Cast, client_of: Any, two: list[BenchSession]) -> None:
    client = client_of(cast.teammate)
    answer = client.get("/api" + address(*two, show="regressed")).json()
    assert answer["total"] == 1
    assert answer["questions"][0]["question"] == "Какая ставка?"
    assert answer["questions"][0]["sessions"][1] == {
        "index": 1,
        "status": "ok",
        "verdict": "incorrect",
        "change": "regressed",
        "is_same_answer": False,
    }
    assert answer["sessions"][0]["judged"]["accuracy_strict"] == 3 / 4
    assert len(client.get("/api" + address(*two, limit=2, offset=1)).json()["questions"]) == 2


@pytest.mark.parametrize(
    "asked", [{"show": "x"}, {"limit": "0"}, {"limit": "9" * 30}, {"offset": "-1"}, {"search": "%00"}]
)
def test_a_program_is_told_what_is_wrong(
    cast: Cast, client_of: Any, two: list[BenchSession], asked: dict[str, str]
) -> None:
    client = client_of(cast.owner)
    assert client.get("/api" + address(*two, **asked)).json()["error_code"] == "VALIDATION_ERROR"
    assert client.get("/api" + address(two[0])).json()["errors"] == {"s": ["Choose 2 to 4 sessions."]}
    assert client.get("/api" + address(two[0], uuid4())).status_code == 404
