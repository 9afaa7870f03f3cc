"""Tables are read as the people who made them meant them, and hostile ones are refused with a sentence."""

import json
from datetime import date, datetime
from io import BytesIO
from time import monotonic
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from benchsessions.exceptions import NotATable
from benchsessions.tables.cells import documents_of, documents_text, joined, parts_of
from benchsessions.tables.columns import OF_QUESTIONS, OF_SESSIONS, guess
from benchsessions.tables.long_texts import LONG_COLUMNS, LONG_TEXTS, MARK
from benchsessions.tables.questions import read_questions
from benchsessions.tables.reading import PASTED, read_table
from benchsessions.tables.sessions import read_entries
from benchsessions.tables.table import MOST_BYTES
from tenants.exceptions import TooLarge
from tenants.spreadsheets import csv_text
from tests.bench.sheets import repeating, tampered, workbook

RUSSIAN = (
    "Вопрос;Эталонный ответ;Теги\r\n"
    '"Как закрыть карту; если потеряна?";"Позвоните\r\nв банк «Пример»";карты|закрытие\r\n'
)
READ = ["Как закрыть карту; если потеряна?", "Позвоните\nв банк «Пример»", "карты|закрытие"]
SHEET = workbook(["Вопрос", "Эталон", "id"], ["Как закрыть карту?", "Позвоните", 12345678])


def cells(data: bytes | str, name: str = "вопросы.csv") -> list[list[Any]]:
    data = data.encode() if isinstance(data, str) else data
    return [row.cells for row in read_table(data, name).rows]


def refusal(data: bytes | str, name: str = "вопросы.csv") -> str:
    data = data.encode() if isinstance(data, str) else data
    with pytest.raises(NotATable) as refused:
        read_table(data, name)
    return refused.value.sentence


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_a_russian_csv_is_read_in_whatever_encoding_it_was_saved(encoding: str) -> None:
    table = read_table(RUSSIAN.encode(encoding), "вопросы.csv")
    assert table.columns == ["Вопрос", "Эталонный ответ", "Теги"]
    assert [row.cells for row in table.rows] == [READ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_although_others_stand_in_the_texts(separator: str) -> None:
    text = csv_text([["question", "reference"], ["Как; или, если?", "a,b;c\td"], ["Где?", "тут"]], separator)
    assert cells(text) == [["Как; или, если?", "a,b;c\td"], ["Где?", "тут"]]


def test_commas_of_prose_part_nothing() -> None:
    assert cells("Как закрыть карту, если она потеряна?\nЧто, где, когда?\n") == [
        ["Как закрыть карту, если она потеряна?"],
        ["Что, где, когда?"],
    ]


def test_pasted_lines_are_questions_as_they_stand_and_tabs_part_cells() -> None:
    assert cells('«Мир»: что это?\n"Мир", да?\n\n=1+1\n', PASTED) == [["«Мир»: что это?"], ['"Мир", да?'], ["=1+1"]]
    assert cells('Как?\t"две\nстроки"\n', PASTED) == [["Как?", "две\nстроки"]]
    assert cells('Как?\t"Мир" и труд\n', PASTED) == [["Как?", '"Мир" и труд']]


def test_rows_have_the_numbers_that_a_spreadsheet_shows() -> None:
    table = read_table(b'question,id\r\n"a\r\nb",1\r\n\r\nc,2\r\n', "x.csv")
    assert [(row.number, row.cells) for row in table.rows] == [(2, ["a\nb", "1"]), (4, ["c", "2"])]


def test_a_header_is_recognised_and_may_be_denied() -> None:
    table = read_table("Как?;Так\nГде?; Тут \n".encode(), "x.csv")
    assert (table.has_header, table.columns) == (False, ["A", "B"])
    named = table.headed(True)
    assert (named.has_header, named.columns, named.rows) == (True, ["Как?", "Так"], [(2, ["Где?", " Тут "])])
    assert named.headed(False) == table
    denied = read_table("вопрос;\nЧто?;\n".encode(), "x.csv").headed(False)
    assert [row.cells for row in denied.rows] == [["вопрос"], ["Что?"]]
    nested = read_table(b'{"question": "?"}', "x.jsonl")
    assert nested.has_header
    assert nested.headed(False) is nested


def test_a_workbook_gives_numbers_dates_and_formulas_as_people_read_them() -> None:
    row = [
        "Как?",
        12345678,
        12345678.0,
        1.5,
        True,
        date(2026, 11, 22),
        datetime.fromisoformat("2026-11-22T09:30"),
        "=1+1",
        None,
    ]
    table = read_table(workbook(["вопрос"], row, [], ["'=x"]), "x.xlsx")
    assert table.rows[0].cells[:7] == [
        "Как?",
        "12345678",
        "12345678",
        "1.5",
        "true",
        "2026-11-22",
        "2026-11-22 09:30:00",
    ]
    assert len(table.rows[0].cells) == 7  # a formula that nobody worked out is empty
    assert (table.rows[1].number, table.rows[1].cells[0]) == (4, "'=x")


def test_a_name_says_nothing_of_what_a_file_is() -> None:
    assert cells(SHEET, "вопросы.csv") == [["Как закрыть карту?", "Позвоните", "12345678"]]
    assert cells(RUSSIAN, "вопросы.xlsx") == [READ]


def test_json_lines_keep_what_is_nested() -> None:
    table = read_table('{"question": "Как?", "docs": [{"id": 1}]}\n\n{"id": 7}\n'.encode(), "x.jsonl")
    assert table.columns == ["question", "docs", "id"]
    assert [row.cells for row in table.rows] == [["Как?", [{"id": 1}], None], [None, None, 7]]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "There is nothing in it."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This is not a table"),
        (b"question\nwith \x00 in it", "This is not a table"),
        (b"\xd0\xcf\x11\xe0 old", "of an old make"),
        (b"PK\x03\x04 nothing", "damaged"),
        ('вопрос;эталон\nкак;"так', "Row 2: a quotation mark"),
        (",".join(["x"] * 201), "Row 1 has more than 200 columns."),
        (",".join(["x"] * 1_000_000), "Row 1 has more than 200 columns."),
        ("question,id\nкак," + "я" * 300_001, "Row 2, column B: the text is too long."),
        ('{"a": 1e400}', "Row 1: It is not valid JSON"),
        ('{"a": "\\u0000"}', "NUL"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ('{"question": "a"}\n[1]', "Row 2: this must be an object"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "nested too deeply"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(data: bytes | str, sentence: str) -> None:
    name = "x.jsonl" if isinstance(data, str) and data.startswith("{") else "x.csv"
    assert sentence in refusal(data, name)


def laughing(part: bytes) -> bytes:
    entities = b'<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
    )
    begin = part.index(b"<", part.index(b"?>") if part.startswith(b"<?xml") else 0)
    return b'<?xml version="1.0"?><!DOCTYPE x [' + entities + b"]>" + part[begin:].replace(b"12345678", b"&a9;")


@pytest.mark.parametrize(
    ("part", "change", "sentence"),
    [
        ("sheet1.xml", lambda part: part + b" " * 135_000_000, "too large once unpacked"),
        ("sheet1.xml", laughing, "damaged"),
        ("workbook.xml", laughing, "damaged"),
        ("sheet1.xml", lambda part: part.replace(b'r="C2"', b'r="BZZZZ2"'), "damaged"),
        ("sheet1.xml", lambda part: part[:200], "damaged"),
        ("sheet1.xml", lambda part: part.replace(b"<row ", b"<row>" + b"<c/>" * 10**6 + b"</row><row "), "too large"),
        ("sheet1.xml", lambda part: part.replace(b"<row ", b"<row " + b" " * 2 * 10**6), "too large once unpacked"),
        ("styles.xml", lambda part: part.replace(b"<xf ", b"<xf/>" * 10**6 + b"<xf "), "too large once unpacked"),
    ],
    ids=[
        *("bomb", "laughs", "laughs of the book", "a millionth column", "torn"),
        *("a million cells in a row", "a tag without end", "a million styles"),
    ],
)
def test_a_hostile_workbook_is_refused_quickly(part: str, change: Any, sentence: str) -> None:
    data = tampered(SHEET, part, change)
    begun = monotonic()
    assert sentence in refusal(data)
    assert monotonic() - begun < 5


@pytest.mark.parametrize("long", ["а" * 299_000, "_x000D_" * 42_000], ids=["one text", "one that is copied"])
def test_a_text_that_a_workbook_holds_once_and_says_many_times_is_refused(long: str) -> None:
    assert cells(repeating("так", 2, 3)) == [["так"] * 3] * 2
    data = repeating(long, 5, 100)
    assert len(data) < 10_000
    assert "too large once unpacked" in refusal(data)


@pytest.mark.parametrize("name", ["table.csv", "table.jsonl"])
def test_json_that_fills_the_memory_once_it_is_read_is_refused(name: str) -> None:
    lists = json.dumps({"x": [[]] * 60_000})
    line = lists if name.endswith("jsonl") else f'"{lists.replace(chr(34), 2 * chr(34))}"'
    few, many = (f"{line}\n".encode() * count for count in (3, 30))
    assert len(read_table(few, name).rows) in (2, 3)  # the first may be taken for the heading
    assert len(many) < 10 * 2**20
    assert "far too much room" in refusal(many, name)


def test_a_long_text_that_many_cells_go_on_in_is_refused() -> None:
    book = Workbook()
    for _row in range(5):
        book.active.append([MARK.format(row=2)] * 100)
    pieces = book.create_sheet(LONG_TEXTS)
    pieces.append(LONG_COLUMNS)
    for piece in range(1, 11):
        pieces.append([1, "answer", piece, "а" * 29_900])
    written = BytesIO()
    book.save(written)
    assert "too large once unpacked" in refusal(written.getvalue())


def test_of_far_too_many_values_in_a_cell_no_more_are_made_than_it_takes_to_refuse_them() -> None:
    table = read_table(("вопрос;теги\nкак?;" + "|".join(map(str, range(20_000)))).encode(), "x.csv")
    (line,) = read_questions(table, ["question", "tags"])
    assert len(line.wording.tags) < 1_000
    assert [column for column, _sentence in line.faults] == ["tags"]
    assert parts_of("a|b|" * 5_000 + "| c") == ["a", "b", "c"]


@pytest.mark.parametrize(("count", "faulty"), [(100, []), (101, ["documents"]), (100_000, ["documents"])])
def test_of_far_too_many_documents_in_a_cell_no_more_are_made_than_it_takes_to_refuse_them(
    count: int, faulty: list[str]
) -> None:
    table = read_table(("вопрос;ответ;документы\nкак?;так;" + '"' + "a\n" * count + '"').encode(), "x.csv")
    (entry,) = read_entries(table, ["question", "answer", "documents"])
    assert len(entry.answer["docs"]) <= 101
    assert [column for column, _sentence in entry.faults] == faulty


@pytest.mark.parametrize("place", [201, 202, 300])
def test_a_cell_in_a_column_too_far_is_refused_at_its_row(place: int) -> None:
    far = [*[None] * (place - 1), "far"]
    assert refusal(workbook(["question"], ["Как?"], far)) == "Row 3 has more than 200 columns."
    assert cells(workbook(["question"], [*far[:199], "near"]))[0][199] == "near"


def test_a_row_beyond_all_others_does_not_keep_the_reader_busy() -> None:
    data = tampered(SHEET, "sheet1.xml", lambda part: part.replace(b'<row r="2"', b'<row r="1000000000"'))
    begun = monotonic()
    assert cells(data) == []
    assert monotonic() - begun < 5


@override_settings(BENCH_MAX_QUESTIONS=5)
def test_a_table_longer_than_any_session_is_refused() -> None:
    assert "more than 20 rows" in refusal("вопрос\n" + "как?\n" * 21)
    assert "more than 20 rows" in refusal('{"question": "как?"}\n' * 21, "x.jsonl")
    assert "more than 20 rows" in refusal(workbook(["вопрос"], *[["как?"]] * 21))


def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        read_table(b"a" * (MOST_BYTES + 1), "x.csv")


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        (
            ["Вопрос", "Эталон", "Документы", "Теги", "ID"],
            "question reference_answer expected_documents tags external_id",
        ),
        (["№ п/п", "Текст вопроса", "Ответ"], "- question reference_answer"),
        (["question", "expected_output", "with_docs"], "question reference_answer with_docs"),
        (["Question:", "question"], "question -"),
        (["A", "B"], "question -"),
    ],
)
def test_columns_of_questions_are_guessed_in_english_and_russian(headings: list[str], columns: str) -> None:
    assert [column or "-" for column in guess(headings, OF_QUESTIONS)] == columns.split()


def test_beside_answers_the_same_names_mean_something_else() -> None:
    headings = ["Вопрос", "Ответ", "Эталон", "Оценка", "Комментарий", "body_research_issues"]
    columns = ["question", "answer", "reference_answer", "rating", "comment", "body_research_issues"]
    assert guess(headings, OF_SESSIONS) == columns


def test_what_is_wrong_with_a_row_is_said_at_its_column() -> None:
    table = read_table("вопрос;with_docs;id\nКак?;да;1\n;нет;2\nГде?;иногда;1\n".encode(), "x.csv")
    lines = read_questions(table, guess(table.columns, OF_QUESTIONS))
    assert [(line.number, [column for column, _ in line.faults]) for line in lines] == [
        (2, []),
        (3, ["question"]),
        (4, ["with_docs", "external_id"]),
    ]
    assert [line.wording.with_docs for line in lines[:2]] == [True, False]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n\t"), max_size=30)


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=5), st.sampled_from([",", ";"]))
def test_what_is_written_as_csv_is_read_as_it_was(rows: list[list[str]], separator: str) -> None:
    written = csv_text([["question", "answer", "id"], *rows], separator)
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if filled:
        read = cells("\ufeff" + written)
        trimmed = [
            [cell if any(c.strip() for c in row[place:]) else "" for place, cell in enumerate(row)] for row in filled
        ]
        assert read == trimmed


@given(st.lists(TEXT.map(lambda text: " ".join(text.split())).filter(bool), unique=True))
def test_several_values_in_a_cell_come_back(values: list[str]) -> None:
    assert parts_of(joined(values)) == values


def test_documents_of_an_answer_are_lines_that_come_back() -> None:
    documents = [{"title": "Тарифы · 2026", "url": "https://bank.example/t", "score": 0.83}, {"title": "Карты"}]
    assert documents_of(documents_text(documents)) == documents
