"""Sessions as files: read back as a spreadsheet reads them, streamed, and no more in them than somebody may see."""

import asyncio
import csv
import json
import re
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from openpyxl import load_workbook
from openpyxl.worksheet._writer import ALL_TEMP_FILES

from accounts.models import AuditEntry
from benchsessions import opinions
from benchsessions.annotating import save_annotation
from benchsessions.exports import csv as as_csv
from benchsessions.exports import jsonl, rows, streams
from benchsessions.exports.rows import CHUNK, COLUMNS, Row, rows_after
from benchsessions.exports.streams import ANSWERS
from benchsessions.exports.xlsx import CELL_UNITS, workbook
from benchsessions.flagging import raise_flag
from benchsessions.models import Analyst, BenchSession, Item
from benchsessions.queries import analyst_of
from benchsessions.sessions import Asked, create_session
from benchsessions.tables.long_texts import LONG_TEXTS, MARK
from benchsessions.tables.reading import read_table
from tenants.scope import tenant_scope
from tests.bench.conftest import SignIn
from tests.conftest import Cast
from tests.factories import AnalystFactory
from tests.keys import new_key, with_key

FORMULAS = ["=1+1", "+7 495", "-2", "@SUM(A1)", "\t=1", ' =HYPERLINK("http://a")', "＝1+1"]
LONG = "Длинный ответ 😀. " * 2500
SAID = {
    "overall": {"rating": "correct", "comment": "Всё верно; кроме «ё»", "own": {"deep": [1, None]}},
    "body_research": {"issues": ["incomplete", "=1+1"], "comment": "нет пункта 3.2"},
    "tone_research": {"comment": "сухо"},
}


def a_session(owner: Analyst, questions: list[str], **more: Any) -> BenchSession:
    asked = [Asked({"body": question, "with_docs": True, "own": [1]}) for question in questions]
    return create_session(owner=owner, environment="psi", api_mode="backend", questions=asked, **more)


def all_rows(session: BenchSession, viewer: Analyst, name: str = "all", search: str = "") -> list[Row]:
    found: list[Row] = []
    while some := rows_after(session, viewer, name, search, found[-1].item.index if found else -1):
        found += some
    return found


def read_csv(some: list[Row], separator: str = ",") -> list[dict[str, str]]:
    text = (as_csv.head(separator) + as_csv.lines(some, separator)).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=separator))


def read_xlsx(some: list[Row]) -> Any:
    return load_workbook(BytesIO(workbook(ANSWERS, COLUMNS, [row.cells() for row in some])))


def read_jsonl(some: list[Row]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in jsonl.lines(some).decode().splitlines()]


def table_of(sheet: Any) -> list[dict[str, Any]]:
    head, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(head, line, strict=True)) for line in lines]


@pytest.fixture
def team(cast: Cast) -> Any:
    with tenant_scope(cast.team.id):
        yield cast.team


@pytest.fixture
def anna(team: Any) -> Analyst:
    return AnalystFactory(team=team)


@pytest.fixture
def boris(team: Any) -> Analyst:
    return AnalystFactory(team=team)


@pytest.fixture
def session(anna: Analyst, boris: Analyst) -> BenchSession:
    """Three questions: the first rated by two, the second an error, the third not rated."""
    answers = [
        {
            "body": "Позвоните в банк.",
            "docs": [{"title": "Тарифы", "url": "https://bank.example/t", "score": 0.83}, "памятка"],
            "elapsed_ms": 1834,
            "own": {"key": [1.5, None, "ё"]},
        },
        {"error": {"kind": "timeout", "message": "Не дождались"}, "status": "timeout"},
        {"body": "Не знаю."},
    ]
    questions = ["Как закрыть карту?", "Где тарифы?", "Ипотека?"]
    made = a_session(anna, questions, response={"answers": answers}, annotations={0: SAID})
    wrong = {"overall": {"rating": "incorrect", "comment": "тайна Бориса"}}
    save_annotation(session_id=made.id, index=0, author=boris, data=wrong, version=0)
    Item.objects.filter(session=made, index=0).update(
        reference={
            "answer": "В приложении.",
            "documents": ["Тарифы", "Памятка"],
            "tags": ["карты"],
            "external_id": "Q-7",
        }
    )
    raise_flag(session_id=made.id, index=0, author=anna, comment="обсудить")
    return made


def test_a_row_is_a_question_and_who_said_something_of_it(session: BenchSession, anna: Analyst, boris: Analyst) -> None:
    first, second, third, fourth = read_csv(all_rows(session, anna))
    assert (first["number"], first["author"], first["rating"]) == ("1", str(anna), "correct")
    assert (second["number"], second["author"], second["rating"]) == ("1", str(boris), "incorrect")
    assert (third["number"], third["author"], third["status"]) == ("2", "", "timeout")
    assert (fourth["number"], fourth["answer"], fourth["rating"]) == ("3", "Не знаю.", "")
    assert first["question"] == second["question"] == "Как закрыть карту?"
    assert json.loads(third["error"]) == {"kind": "timeout", "message": "Не дождались"}


def test_a_row_tells_all_that_is_known(session: BenchSession, anna: Analyst) -> None:
    row = read_csv(all_rows(session, anna))[0]
    assert row["answer"] == "Позвоните в банк."
    assert row["documents"] == "Тарифы · https://bank.example/t · 0.83\nпамятка"
    assert (row["elapsed_ms"], row["with_docs"]) == ("1834", "true")
    assert row["comment"] == "Всё верно; кроме «ё»"
    assert (row["body_research_issues"], row["body_research_comment"]) == ("incomplete; =1+1", "нет пункта 3.2")
    assert json.loads(row["other_sections"]) == {
        "overall": {"own": {"deep": [1, None]}},
        "tone_research": {"comment": "сухо"},
    }
    assert row["counted_rating"] == "incorrect"  # the latest counts
    assert row["flags"].endswith(": обсудить")
    assert (row["reference_answer"], row["expected_documents"]) == ("В приложении.", "Тарифы; Памятка")
    assert (row["tags"], row["external_id"]) == ("карты", "Q-7")


def test_what_was_decided_stands_in_it(session: BenchSession, anna: Analyst) -> None:
    opinions.decide(session_id=session.id, index=0, rating="partially_correct", by=anna)
    row = read_csv(all_rows(session, anna))[0]
    assert (row["counted_rating"], row["decided_by"]) == ("partially_correct", str(anna))
    assert row["decided_at"].endswith("Z")


def test_a_line_of_json_holds_all_as_it_was_sent(session: BenchSession, anna: Analyst) -> None:
    line = read_jsonl(all_rows(session, anna))[0]
    item = Item.objects.defer(None).get(session=session, index=0)
    assert (line["request"], line["answer"]) == (item.request, item.answer)
    assert line["answer"]["own"] == {"key": [1.5, None, "ё"]}
    assert (line["annotation"], line["reference"]) == (SAID, item.reference)
    assert (line["index"], line["status"], line["elapsed_ms"]) == (0, "ok", 1834)


def test_what_ends_a_line_for_some_ends_no_line_of_json(anna: Analyst) -> None:
    body = "раз\u2028два\u2029три\u0085четыре\nпять"
    (line,) = read_jsonl(all_rows(a_session(anna, ["Ипотека?"], response=[{"body": body}]), anna))
    assert line["answer"] == {"body": body}


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_wherever_it_stands(anna: Analyst, text: str) -> None:
    said = {"overall": {"rating": text, "comment": text}, "docs_research": {"issues": [text], "comment": text}}
    answer = {"body": text, "docs": [{"title": text}], "error": None}
    made = a_session(anna, [text], response=[answer], annotations={0: said})
    reference = {"answer": text, "documents": [text], "tags": [text], "external_id": text}
    Item.objects.filter(session=made).update(reference=reference)
    raise_flag(session_id=made.id, index=0, author=None, comment=text)
    some = all_rows(made, anna)
    for separator in ",;":
        (line,) = csv.reader(StringIO(as_csv.lines(some, separator).decode(), newline=""), delimiter=separator)
        assert [cell for cell in line if cell.lstrip().startswith(tuple("=+-@＝"))] == []
        assert line[COLUMNS.index("question")] == f"'{text}"
        assert line[COLUMNS.index("comment")] == f"'{text}"
    sheet = read_xlsx(some)[ANSWERS]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert next(cell for cell in cells if cell.value == text).quotePrefix
    (row,) = table_of(sheet)
    assert [row[name] for name in ("question", "answer", "comment", "rating")] == [text] * 4


def test_a_workbook_opens_with_its_letters_and_numbers(session: BenchSession, anna: Analyst) -> None:
    book = read_xlsx(all_rows(session, anna))
    assert book.sheetnames == [ANSWERS]
    assert [cell.value for cell in book[ANSWERS][1]] == list(COLUMNS)
    row = table_of(book[ANSWERS])[0]
    assert (row["number"], row["elapsed_ms"]) == (1, 1834)
    assert (row["question"], row["comment"]) == ("Как закрыть карту?", "Всё верно; кроме «ё»")


def test_what_is_not_there_takes_no_cell(anna: Analyst) -> None:
    data = workbook(ANSWERS, COLUMNS, [row.cells() for row in all_rows(a_session(anna, ["Как?"]), anna)])
    with ZipFile(BytesIO(data)) as parts:
        (line,) = re.findall(rb"<row r=.2.*?</row>", parts.read("xl/worksheets/sheet1.xml"))
    assert line.count(b"<c ") == 4, "number, question, with_docs and status"


def test_a_text_too_long_for_a_cell_stands_whole_on_a_second_sheet(anna: Analyst) -> None:
    assert len(LONG) > CELL_UNITS
    made = a_session(anna, ["Коротко?", "Длинно?"], response=[{"body": "да"}, {"body": LONG}])
    book = read_xlsx(all_rows(made, anna))
    pieces = table_of(book[LONG_TEXTS])
    assert {(piece["row"], piece["column"]) for piece in pieces} == {(3, "answer")}
    assert [piece["piece"] for piece in pieces] == list(range(1, len(pieces) + 1))
    assert "".join(piece["text"] for piece in pieces) == LONG
    shown = table_of(book[ANSWERS])[1]["answer"]
    assert shown.startswith(LONG[:30_000])
    assert shown.endswith("… [the whole text: sheet “Long texts”, row 2]")
    texts = [shown, *(piece["text"] for piece in pieces)]
    assert all(len(text.encode("utf-16-le")) // 2 <= CELL_UNITS for text in texts)


def test_a_workbook_that_was_sorted_comes_back_with_each_long_text_at_its_question(anna: Analyst) -> None:
    answers = {f"{n}?": f"{n}. {LONG}" if n % 2 else f"{n}. Коротко" for n in range(5)}
    book = read_xlsx(
        all_rows(a_session(anna, list(answers), response=[{"body": one} for one in answers.values()]), anna)
    )
    lines = [[cell.value for cell in row] for row in book[ANSWERS].iter_rows(min_row=2)]
    forged = ["9?" if name == "question" else None for name in COLUMNS]
    forged[COLUMNS.index("answer")] = f"другое{MARK.format(row=2)}"
    book[ANSWERS].delete_rows(2, len(lines))
    for line in [*reversed(lines[1:]), forged]:
        book[ANSWERS].append(line)
    book.save(written := BytesIO())
    table = read_table(written.getvalue(), "x.xlsx")
    read = {row.cells[COLUMNS.index("question")]: row.cells[COLUMNS.index("answer")] for row in table.rows}
    assert read.pop("9?") == forged[COLUMNS.index("answer")]
    assert read == {question: answer for question, answer in answers.items() if question != "0?"}


def test_csv_and_json_hold_a_long_text_whole(anna: Analyst) -> None:
    some = all_rows(a_session(anna, ["Длинно?"], response=[{"body": LONG}]), anna)
    assert read_csv(some, ";")[0]["answer"] == LONG
    assert read_jsonl(some)[0]["answer"] == {"body": LONG}


def test_what_xml_cannot_hold_is_replaced(anna: Analyst) -> None:
    made = a_session(anna, ["Ипо\x01те\x0bка\ufffe?"], response=[{"body": "a\x1fb"}])
    (row,) = table_of(read_xlsx(all_rows(made, anna))[ANSWERS])
    assert (row["question"], row["answer"]) == ("Ипо\ufffdте\ufffdка\ufffd?", "a\ufffdb")


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("all", "1123"), ("unrated", "3"), ("errors", "2"), ("disputed", "11"), ("changed", ""), ("flagged", "11")],
)
def test_filters_are_those_of_the_review(session: BenchSession, anna: Analyst, name: str, numbers: str) -> None:
    assert "".join(row["number"] for row in read_csv(all_rows(session, anna, name))) == numbers


def test_only_questions_that_hold_a_text(session: BenchSession, anna: Analyst) -> None:
    assert [row["number"] for row in read_csv(all_rows(session, anna, search="тариф"))] == ["2"]


def test_a_reviewer_finds_nothing_in_a_file_that_the_page_hides(
    session: BenchSession, anna: Analyst, team: Any
) -> None:
    vera = AnalystFactory(team=team)
    opinions.ask_second_opinion(session_id=session.id, reviewer=vera, by=anna)
    opinions.decide(session_id=session.id, index=0, rating="partially_correct", by=anna)
    hidden = ["тайна", "Всё верно", "partially_correct", "incorrect", "обсудить", str(anna)]
    some = all_rows(session, vera)
    text = as_csv.lines(some, ",").decode() + jsonl.lines(some).decode()
    assert [word for word in hidden if word in text] == []
    assert all_rows(session, vera, "disputed") == all_rows(session, vera, "flagged") == []
    said = {"overall": {"rating": "correct", "comment": "слово Веры"}}
    save_annotation(session_id=session.id, index=0, author=vera, data=said, version=0)
    text = as_csv.lines(all_rows(session, vera), ",").decode()
    assert [word for word in hidden if word not in text] == []


def test_another_team_finds_no_rows(session: BenchSession, anna: Analyst, cast: Cast) -> None:
    with tenant_scope(cast.other_team.id):
        assert rows_after(session, anna, "all", "", -1) == []


def test_a_large_session_is_read_some_questions_at_a_time(
    cast: Cast, anna: Analyst, django_assert_max_num_queries: Any
) -> None:
    count = 3 * CHUNK + 1
    questions = [f"Вопрос {n}?" for n in range(count)]
    ratings = {n: {"overall": {"rating": "correct"}} for n in range(count)}
    made = a_session(anna, questions, response=[{"body": "Ответ"}] * count, annotations=ratings)
    Item.objects.filter(session=made).update(decided_rating="correct", decided_by=analyst_of(cast.owner))
    read, after = [], -1
    for expected in (CHUNK, CHUNK, CHUNK, 1, 0):
        with django_assert_max_num_queries(6):
            some = rows_after(made, anna, "all", "", after)
            assert len(some) == expected
            read += [row.cells()[0] for row in some]
        after = some[-1].item.index if some else after
    assert read == list(range(1, count + 1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("file_format", ["csv", "xlsx", "jsonl"])
def test_a_download_is_streamed_from_the_page_and_over_http(
    cast: Cast, sits: SignIn, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    count, in_memory = 5 * 20, []
    monkeypatch.setattr(rows, "CHUNK", 20)
    whole = rows_after

    def counted(*args: Any) -> list[Row]:
        in_memory.append(len(some := whole(*args)))
        return some

    monkeypatch.setattr(rows, "rows_after", counted)
    with tenant_scope(cast.team.id):
        made = a_session(
            analyst_of(cast.owner), [f"Вопрос {n}?" for n in range(count)], response=[{"body": "Ответ"}] * count
        )
    key = new_key(cast.teammate, ["bench"])[1]
    page = sits(cast.teammate).get(f"/bench/sessions/{made.id}/export", {"format": file_format})
    api = Client().get(f"/api/bench/sessions/{made.id}/export", {"format": file_format}, headers=with_key(key))
    for answer in (page, api):
        assert answer.status_code == 200
        assert answer.streaming
        assert answer["Content-Disposition"].endswith(f'.{file_format}"')
        data = b"".join(answer)
        if file_format == "csv":
            read = [row["question"] for row in csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""))]
        elif file_format == "jsonl":
            read = [json.loads(line)["question"] for line in data.decode().splitlines()]
        else:
            read = [row["question"] for row in table_of(load_workbook(BytesIO(data))[ANSWERS])]
        assert read == [f"Вопрос {n}?" for n in range(count)]
    assert in_memory == [20, 20, 20, 20, 20, 0] * 2
    with tenant_scope(cast.team.id):
        noted = AuditEntry.objects.filter(action="export.made", object_id=str(made.id))
        assert [entry.details["format"] for entry in noted] == [file_format] * 2


def test_who_asks_for_the_head_alone_is_not_noted(session: BenchSession, cast: Cast, sits: SignIn) -> None:
    assert sits(cast.owner).head(f"/bench/sessions/{session.id}/export?format=csv").status_code == 200
    assert not AuditEntry.objects.filter(action="export.made").exists()


def test_without_a_format_the_page_offers_them(session: BenchSession, cast: Cast, sits: SignIn) -> None:
    page = sits(cast.owner).get(f"/bench/sessions/{session.id}/export?filter=errors").content.decode()
    assert all(f'value="{name}"' in page for name in ("csv", "xlsx", "jsonl", ";"))
    assert '<option value="errors" selected>' in page


@pytest.mark.parametrize(
    "query", ["format=pdf", "format=csv&filter=x", "format=csv&sep=%7C", "format=csv&q=%00", "format="]
)
def test_what_there_is_not_is_refused(session: BenchSession, cast: Cast, sits: SignIn, query: str) -> None:
    assert sits(cast.owner).get(f"/bench/sessions/{session.id}/export?{query}").status_code == 400
    answer = Client().get(
        f"/api/bench/sessions/{session.id}/export?{query}", headers=with_key(new_key(cast.owner, ["bench"])[1])
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("fails", [False, True])
async def test_a_workbook_leaves_no_file_behind(fails: bool) -> None:
    async def pieces_of_rows() -> AsyncIterator[list[Row]]:
        yield []
        if fails:
            raise OSError("gone")

    before = set(ALL_TEMP_FILES)
    made = streams._workbook(pieces_of_rows())
    if fails:
        with pytest.raises(OSError, match="gone"):
            [piece async for piece in made]
    else:
        data = b"".join([piece async for piece in made])
        assert load_workbook(BytesIO(data)).sheetnames == [ANSWERS]
    await asyncio.get_running_loop().shutdown_default_executor()  # which closes it
    assert set(ALL_TEMP_FILES) == before
