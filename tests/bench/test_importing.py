"""Sessions made of tables: from elsewhere, and our own exports as they were."""

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from benchsessions.answers import read_answer
from benchsessions.exports import csv as as_csv
from benchsessions.exports import jsonl
from benchsessions.exports.rows import COLUMNS, Row, rows_after
from benchsessions.exports.xlsx import workbook as xlsx_of
from benchsessions.models import Annotation, BenchSession, Item
from benchsessions.queries import analyst_of, response_of
from benchsessions.sessions import Asked, create_session
from benchsessions.tables import sheets
from benchsessions.tables.columns import OF_SESSIONS, guess
from benchsessions.tables.reading import PASTED, read_table
from benchsessions.tables.sessions import gathered, one_each, read_entries
from benchsessions.uploads import keep_upload, table_of
from tenants.scope import tenant_scope
from tests.bench.conftest import SignIn
from tests.bench.sheets import workbook
from tests.conftest import Cast

REQUESTS = [
    {"body": "Как закрыть карту?", "with_docs": True, "extra": {"канал": ["a", 1]}},
    {"body": "=Где тарифы?", "with_docs": False},
    {"body": "Как открыть вклад?", "with_docs": True},
    {"body": "Не спрошено", "with_docs": True},
]
ANSWERS = [
    {
        "index": 0,
        "body": "Позвоните;\nв «банк»",
        "docs": [{"title": "Тарифы", "score": 0.5, "x": None}],
        "elapsed_ms": 12,
    },
    {"index": 1, "body": "=1+1, 'да'", "status": "ok"},
    {"index": 2, "body": "", "status": "error", "error": {"kind": "http", "http_status": 504}},
]
SAID = {
    0: {"overall": {"rating": "correct", "comment": "верно"}, "body_research": {"issues": ["tone", "a;b"], "ours": 1}},
    1: {
        "overall": {"rating": "incorrect", "comment": "-нет"},
        "other_section": {"issues": ["x"], "deep": {"a": [1]}},
    },
}
REFERENCE = {"answer": "Позвоните", "documents": ["Тарифы"], "tags": ["карты"], "external_id": "q-1"}


def exported(cast: Cast) -> BenchSession:
    with tenant_scope(cast.team.id):
        references = [REFERENCE, {}, {}, {}]
        asked = [Asked(request, reference) for request, reference in zip(REQUESTS, references, strict=True)]
        return create_session(
            owner=analyst_of(cast.owner),
            environment="psi",
            api_mode="bench",
            title="Ипотека",
            questions=asked,
            response={"answers": ANSWERS},
            annotations=SAID,
        )


def file_of(session: BenchSession, form: str) -> bytes:
    """Return an export of a short session, written as the download writes it."""
    found = rows_after(session, session.owner, "all", "", -1)
    if form == "jsonl":
        return jsonl.lines(found)
    if form != "xlsx":
        return as_csv.head(form) + as_csv.lines(found, form)
    return xlsx_of("Answers", COLUMNS, [row.cells() for row in found])


def imported(client: Client, data: bytes, name: str, **more: str) -> BenchSession:
    """Take a file over just as it is guessed."""
    address = client.post("/bench/import", {"file": SimpleUploadedFile(name, data)})["Location"]
    table = read_table(data, name)
    columns = {f"column_{place}": column for place, column in enumerate(guess(table.columns, OF_SESSIONS))}
    sent = {"do": "take", "environment": "psi", "api_mode": "backend", "has_header": "on", **columns, **more}
    answer = client.post(address, sent)
    assert answer.status_code == 303, answer.content.decode()
    found: BenchSession = BenchSession.objects.get(id=answer["Location"].rsplit("/", 1)[1])
    return found


def said_in(session: BenchSession) -> dict[int, Any]:
    return dict(Annotation.objects.filter(session=session).values_list("item__index", "data"))


def test_json_lines_of_an_export_come_back_as_they_were(cast: Cast, sits: SignIn) -> None:
    source, client = exported(cast), sits(cast.owner)
    with tenant_scope(cast.team.id):
        copy = imported(client, file_of(source, "jsonl"), "x.jsonl")
        items = list(Item.objects.filter(session=copy).defer(None))
        assert [item.request for item in items] == REQUESTS
        assert [item.answer for item in items] == [*ANSWERS, None]
        assert [item.reference for item in items] == [REFERENCE, {}, {}, {}]
        assert said_in(copy) == SAID
        assert (copy.n_questions, copy.n_rated, copy.n_correct) == (4, 2, 1)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
ANSWER = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(ANSWER, min_size=1, max_size=5))
def test_an_answer_of_any_shape_comes_back_as_it_was_sent(answers: list[Any]) -> None:
    items = [Item(index=n, question="?", request={"body": f"{n}?"}, answer=one) for n, one in enumerate(answers)]
    file = jsonl.lines([Row(item, read_answer(item.answer), None, []) for item in items])
    table = read_table(file, "x.jsonl")
    made = gathered(one_each(read_entries(table, guess(table.columns, OF_SESSIONS)), "anna"))
    assert [one.request for one in made.questions] == [item.request for item in items]
    assert (made.response or {"answers": [None] * len(answers)})["answers"] == answers


@pytest.mark.parametrize(("form", "name"), [(",", "x.csv"), (";", "x.csv"), ("xlsx", "x.xlsx")])
def test_tables_of_an_export_come_back_with_all_that_a_table_holds(
    cast: Cast, sits: SignIn, form: str, name: str
) -> None:
    source, client = exported(cast), sits(cast.owner)
    with tenant_scope(cast.team.id):
        copy = imported(client, file_of(source, form), name)
        items = list(Item.objects.filter(session=copy).defer(None))
        assert [item.question for item in items] == [request["body"] for request in REQUESTS]
        assert items[1].request == {"body": "=Где тарифы?", "with_docs": False}
        assert [item.answer and item.answer["body"] for item in items] == [*(one["body"] for one in ANSWERS), None]
        assert items[0].answer["docs"] == [{"title": "Тарифы", "score": 0.5}]
        assert (items[0].elapsed_ms, items[2].status, items[2].answer["error"]["http_status"]) == (12, "error", 504)
        assert [item.reference for item in items] == [REFERENCE, {}, {}, {}]
        assert said_in(copy) == SAID


def test_a_text_too_long_for_a_cell_comes_back_whole(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    with tenant_scope(cast.team.id):
        answer = {"body": "Ответ 😀 " * 8_000}
        source = create_session(
            owner=analyst_of(cast.owner),
            environment="psi",
            api_mode="bench",
            questions=[Asked({"body": "Как?"})],
            response={"answers": [answer]},
        )
        copy = imported(client, file_of(source, "xlsx"), "x.xlsx")
        assert response_of(copy)["answers"][0]["body"] == answer["body"].strip()


def test_a_table_from_elsewhere_becomes_a_session(cast: Cast, sits: SignIn) -> None:
    file = workbook(
        ["№", "Вопрос", "Ответ", "Оценка", "Комментарий", "Эталон"],
        [1, "Как закрыть карту?", "Позвоните", "Верно", "", "Позвоните в банк"],
        [2, "Где тарифы?", "На сайте", "частично", "без ссылки", ""],
        [3, "Когда?", "", "", "", ""],
    )
    client = sits(cast.owner)
    address = client.post("/bench/import", {"file": SimpleUploadedFile("Регресс.xlsx", file)})["Location"]
    shown = client.get(address).content.decode()
    assert "With an answer: 2. Rated: 2. With a rating or a comment: 2." in shown
    assert "Partly correct" in shown
    assert 'value="Регресс"' in shown
    with tenant_scope(cast.team.id):
        session = imported(client, file, "Регресс.xlsx", title="Регресс", environment="prod")
        assert (session.title, session.environment, session.owner.user) == ("Регресс", "prod", cast.owner)
        assert (session.n_questions, session.n_answered, session.n_rated, session.n_partly) == (3, 2, 2, 1)
        assert said_in(session) == {
            0: {"overall": {"rating": "correct"}},
            1: {"overall": {"rating": "partially_correct", "comment": "без ссылки"}},
        }


def test_a_workbook_is_read_once_when_it_comes(cast: Cast, sits: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    monkeypatch.setattr(sheets, "load_workbook", lambda *args, **more: reads.append(1) or load_workbook(*args, **more))
    client = sits(cast.owner)
    file = SimpleUploadedFile("x.xlsx", workbook(["Вопрос", "Ответ"], ["Как?", "Так"], ["Где?", "Там"]))
    address = client.post("/bench/import", {"file": file})["Location"]
    assert "With an answer: 2." in client.get(address).content.decode()
    columns = {"column_0": "question", "column_1": "answer"}
    assert "With an answer: 3." in client.post(address, columns).content.decode(), "its first row is a question, too"
    sent = {"do": "take", "environment": "psi", "api_mode": "backend", "has_header": "on", **columns}
    assert client.post(address, sent).status_code == 303
    assert len(reads) == 1


NESTED = json.dumps({"question": "Как?", "answer": {"body": None, "n": [1.5, 2**60, True, {}]}}).encode()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (NESTED + b'\n{"x": {"a": []}}', "x.jsonl"),
        ("вопрос;ответ\n\n«Как»?;так 🙂\nГде?\n".encode(), "x.csv"),
        ('вопрос;ответ\nКак?;"так\n\u2028и\u0085так"\n'.encode(), "x.csv"),
        ("Как?\nГде?".encode(), PASTED),
    ],
)
def test_a_table_is_kept_as_it_was_read(cast: Cast, data: bytes, name: str) -> None:
    with tenant_scope(cast.team.id):
        kept = keep_upload(owner=analyst_of(cast.owner), name=name, data=data)
        kept.refresh_from_db()
        assert table_of(kept) == read_table(data, name)


def test_the_preview_tells_ratings_from_comments_and_names_those_not_of_the_scale(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    rows = (("Вопрос", "Ответ", "Оценка", "Комментарий"), ("Как?", "Так", "почти", ""))
    rows += (("Где?", "Там", "", "без ссылки"), ("Кто?", "Я", "верно", ""))
    text = "\n".join(map("\t".join, rows))
    shown = client.get(client.post("/bench/import", {"text": text})["Location"]).content.decode()
    assert "With an answer: 3. Rated: 2. With a rating or a comment: 3." in shown
    assert "decisions, flags and second opinions stay" in " ".join(shown.split())
    assert re.search(r"Not of the scale[^<]*<span[^>]*>почти</span>\s*</p>", shown)


def test_several_opinions_on_a_question_are_one_question_with_ones_own() -> None:
    text = "number,question,rating,author\n1,Как?,correct,anna\n1,Как?,incorrect,boris\n2,Где?,,\n2,Где?,correct,anna\n"
    table = read_table(text.encode(), "x.csv")
    entries = read_entries(table, guess(table.columns, OF_SESSIONS))
    for author, ratings in (("boris", ["incorrect", "correct"]), ("nobody", ["correct", "correct"])):
        made = gathered(one_each(entries, author))
        assert [one.request["body"] for one in made.questions] == ["Как?", "Где?"]
        assert [made.annotations[n]["overall"]["rating"] for n in (0, 1)] == ratings


def test_different_questions_of_one_number_are_different_questions() -> None:
    table = read_table("№;Вопрос;Оценка\n1;Как?;верно\n1;Где?;неверно\n".encode(), "x.csv")
    made = gathered(one_each(read_entries(table, guess(table.columns, OF_SESSIONS)), "anna"))
    assert [one.request["body"] for one in made.questions] == ["Как?", "Где?"]


def test_rows_sorted_otherwise_keep_each_answer_at_its_question() -> None:
    lines = [{"request": {"body": f"Вопрос {n}"}, "answer": {"index": n, "body": f"Ответ {n}"}} for n in (2, 0, 1)]
    table = read_table("\n".join(map(json.dumps, lines)).encode(), "x.jsonl")
    made = gathered(read_entries(table, guess(table.columns, OF_SESSIONS)))
    assert [one.request["body"] for one in made.questions] == ["Вопрос 0", "Вопрос 1", "Вопрос 2"]
    assert [one["body"] for one in made.response["answers"]] == ["Ответ 0", "Ответ 1", "Ответ 2"]


@pytest.mark.parametrize(
    "line",
    [
        {"question": "Как?", "annotation": {"overall": {"rating": 5}}},
        {"question": "Как?", "annotation": {"Ы": {}}},
        {"question": "Как?", "rating": "x" * 65},
        {"question": "Как?", "other_sections": {"overall": "text"}},
        {"question": "Как?", "request": {"body": 7}},
        {"question": "", "request": {"with_docs": "да", "body": "Как?"}},
        {"question": "x" * 8001},
    ],
)
def test_a_row_beyond_the_limits_is_refused_at_its_place(line: dict[str, Any], cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    good = {"question": "Где?"}
    file = "\n".join(map(json.dumps, [good, line])).encode()
    address = client.post("/bench/import", {"file": SimpleUploadedFile("x.jsonl", file)})["Location"]
    assert "1 row cannot be read" in client.get(address).content.decode()


@pytest.mark.parametrize("cell", ['{"a": "\\ud800"}', '{"a": 1e400}', '{"a": NaN}', "[" * 9_000, '{"overall": [1]}'])
def test_json_in_a_cell_that_cannot_be_kept_stays_text(cell: str, cast: Cast, sits: SignIn) -> None:
    file = workbook(["question", "answer", "error", "other_sections", "annotation"], ["Как?", "Так", cell, cell, cell])
    client = sits(cast.owner)
    with tenant_scope(cast.team.id):
        session = imported(client, file, "x.xlsx", skip_wrong="on") if "overall" not in cell else None
        if session is not None:
            assert response_of(session)["answers"][0]["error"] == cell
            assert said_in(session) == {}


@pytest.mark.parametrize("path", ["/bench/import", "/bench/sets/new"])
def test_pasted_text_beyond_what_a_form_takes_is_refused_with_what_to_do(cast: Cast, sits: SignIn, path: str) -> None:
    refused = sits(cast.owner).post(path, {"text": "я" * 2**21})
    assert refused.status_code == 413
    assert "Send it as a file, or in parts." in refused.content.decode()


def test_a_filtered_export_keeps_its_answers_whatever_place_they_say_they_had(cast: Cast, sits: SignIn) -> None:
    source, client = exported(cast), sits(cast.owner)
    with tenant_scope(cast.team.id):
        lines = file_of(source, "jsonl").splitlines()
        copy = imported(client, b"\n".join(lines[1:3]), "some.jsonl")
        assert response_of(copy) == {"answers": ANSWERS[1:3]}
        assert not copy.is_misaligned
