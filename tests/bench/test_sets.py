"""Question sets: made of tables, changed until they are used, the team's alone."""

import json
import re
import threading
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from benchsessions import sets
from benchsessions.exceptions import SetNameTaken, VersionFrozen
from benchsessions.models import QuestionSet, Upload
from benchsessions.queries import analyst_of
from benchsessions.uploads import KEPT_EACH
from benchsessions.wording import Wording
from tenants.exceptions import Invalid
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.bench.conftest import SignIn
from tests.bench.sheets import workbook
from tests.conftest import Cast
from tests.factories import AnalystFactory
from tests.keys import new_key, with_key

CARD = Wording("Как закрыть карту?", True, "Позвоните в банк.", ["Тарифы", "Памятка; карты"], ["карты"], "q-1")
RATES = Wording("Где тарифы?", with_docs=False)
FILE = "Вопрос;Эталон;Документы;Теги;ID\r\nКак закрыть карту?;Позвоните;Тарифы|Памятка;карты;q-1\r\nГде тарифы?;;;;\r\n"


def sent(client: Client, text: str | bytes, name: str = "вопросы.csv", path: str = "/bench/sets/new") -> str:
    """Send a file and return where it is looked at."""
    data = text.encode("cp1251") if isinstance(text, str) else text
    answer = client.post(path, {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 303, answer.content.decode()
    return str(answer["Location"])


def taken(client: Client, address: str, columns: list[str], **more: str) -> Any:
    chosen = {f"column_{place}": column for place, column in enumerate(columns)}
    return client.post(address, {"do": "take", "has_header": "on", **chosen, **more})


COLUMNS = ["question", "reference_answer", "expected_documents", "tags", "external_id"]


def test_a_file_becomes_a_set_after_a_look_at_it(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    address = sent(client, FILE)
    shown = client.get(address).content.decode()
    assert "Как закрыть карту?" in shown
    assert 'value="вопросы"' in shown
    assert shown.count("selected") == 5
    answer = taken(client, address, COLUMNS, name="Ипотека", description="Регресс")
    assert answer.status_code == 303
    with tenant_scope(cast.team.id):
        made = QuestionSet.objects.get(name="Ипотека")
        assert made.versions.get().n_questions == 2
        assert sets.wordings_of(made.versions.get()) == [
            Wording("Как закрыть карту?", True, "Позвоните", ["Тарифы", "Памятка"], ["карты"], "q-1"),
            Wording("Где тарифы?"),
        ]
        assert not Upload.objects.exists()
    page = client.get(answer["Location"]).content.decode()
    assert "Позвоните" in page
    assert "q-1" in page


def test_a_file_is_taken_over_once(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    address = sent(client, FILE)
    assert taken(client, address, COLUMNS, name="Первый").status_code == 303
    assert taken(client, address, COLUMNS, name="Второй").status_code == 404
    with tenant_scope(cast.team.id):
        assert [one.name for one in QuestionSet.objects.all()] == ["Первый"]


def test_rows_that_cannot_be_read_are_named_and_left_out_only_when_asked(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    address = sent(client, "вопрос;id\nКак?;1\n;2\nГде?;1\n")
    shown = client.get(address).content.decode()
    assert "2 rows cannot be read" in shown
    assert "Row 3, Question: There is no question." in shown
    refused = taken(client, address, ["question", "external_id"], name="Набор")
    assert "Some rows cannot be read." in refused.content.decode()
    assert taken(client, address, ["question", "external_id"], name="Набор", skip_wrong="on").status_code == 303
    with tenant_scope(cast.team.id):
        assert QuestionSet.objects.get().versions.get().n_questions == 1


def test_columns_may_be_something_else_than_guessed(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    address = sent(client, "id;текст;что\n1;Как?;Так\n")
    assert "Two columns cannot be the same." in taken(client, address, ["question"] * 3, name="x").content.decode()
    assert "Say which column is the question." in taken(client, address, ["", "", ""], name="x").content.decode()
    assert taken(client, address, ["", "reference_answer", "question"], name="x").status_code == 303
    with tenant_scope(cast.team.id):
        assert sets.wordings_of(QuestionSet.objects.get().versions.get()) == [Wording("Так", reference_answer="Как?")]


def test_pasted_lines_become_a_set(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    address = client.post("/bench/sets/new", {"text": "Как закрыть карту, если её нет?\r\n\r\nГде тарифы?"})["Location"]
    assert client.post(address, {"do": "take", "name": "Строки", "column_0": "question"}).status_code == 303
    with tenant_scope(cast.team.id):
        found = sets.wordings_of(QuestionSet.objects.get().versions.get())
    assert [one.body for one in found] == ["Как закрыть карту, если её нет?", "Где тарифы?"]


def test_what_is_no_table_is_refused_at_the_field_and_not_kept(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    answer = client.post("/bench/sets/new", {"file": SimpleUploadedFile("x.xlsx", b"PK\x03\x04 nothing")})
    assert "This spreadsheet is damaged." in answer.content.decode()
    assert "Choose a file" in client.post("/bench/sets/new", {}).content.decode()
    with tenant_scope(cast.team.id):
        assert not Upload.objects.exists()


def test_only_the_last_files_of_a_person_are_kept_and_nobody_else_sees_them(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    addresses = [sent(client, workbook(["вопрос"], [f"Секрет {n}?"]), "x.xlsx") for n in range(KEPT_EACH + 1)]
    assert [client.get(address).status_code for address in addresses] == [404, *[200] * KEPT_EACH]
    for stranger in (cast.teammate, cast.admin, cast.outsider):
        assert sits(stranger).get(addresses[-1]).status_code == 404


def test_a_name_stands_once_in_a_team(cast: Cast, sits: SignIn) -> None:
    with tenant_scope(cast.team.id):
        sets.create_set(name="Ипотека", by=analyst_of(cast.owner), questions=[CARD])
        with pytest.raises(SetNameTaken):
            sets.create_set(name="Ипотека", by=analyst_of(cast.owner), questions=[CARD])
    client = sits(cast.owner)
    answer = taken(client, sent(client, FILE), COLUMNS, name="Ипотека")
    assert "Your team has a question set of this name already." in answer.content.decode()


def test_a_used_version_stays_as_it_is_and_changes_go_into_the_next(cast: Cast, sits: SignIn) -> None:
    with tenant_scope(cast.team.id):
        analyst = analyst_of(cast.owner)
        made = sets.create_set(name="Ипотека", by=analyst, questions=[CARD, RATES])
        first = sets.freeze(made.versions.get().id)
        assert sets.freeze(first.id).frozen_at == first.frozen_at
        for change in (
            lambda: sets.save_question(version_id=first.id, position=1, wording=RATES),
            lambda: sets.save_question(version_id=first.id, position=None, wording=RATES),
            lambda: sets.delete_question(version_id=first.id, position=1),
        ):
            with pytest.raises(VersionFrozen):
                change()
    client = sits(cast.owner)
    client.post(f"/bench/sets/{made.id}/begin")
    client.post(f"/bench/sets/{made.id}/begin")
    client.post(f"/bench/sets/{made.id}/questions/1", {"body": "Как открыть карту?", "tags": "карты; открытие"})
    client.post(f"/bench/sets/{made.id}/questions/2", {"delete": "1"})
    with tenant_scope(cast.team.id):
        assert [one.number for one in made.versions.all()] == [2, 1]
        assert sets.wordings_of(first) == [CARD, RATES]
        second = made.versions.get(number=2)
        assert second.n_questions == 1
        assert sets.wordings_of(second) == [Wording("Как открыть карту?", False, tags=["карты", "открытие"])]


def test_an_id_stands_once_in_a_version(cast: Cast) -> None:
    with tenant_scope(cast.team.id):
        version = sets.create_set(name="Ипотека", by=analyst_of(cast.owner), questions=[CARD, RATES]).versions.get()
        sets.save_question(version_id=version.id, position=1, wording=CARD)
        with pytest.raises(Invalid):
            sets.save_question(version_id=version.id, position=2, wording=CARD)


@pytest.mark.parametrize("form", ["", "&sep=;", "&format=jsonl", "&format=xlsx"])
def test_what_is_handed_out_comes_back_as_the_same_questions(cast: Cast, sits: SignIn, form: str) -> None:
    with tenant_scope(cast.team.id):
        wordings = [CARD, RATES, Wording("=1+1", True, "'@cmd\nвторая строка" + "😀" * 17_000, [], ["a;b"])]
        made = sets.create_set(name="Ипотека", by=analyst_of(cast.owner), questions=wordings)
    client = sits(cast.owner)
    file = client.get(f"/bench/sets/{made.id}/download?version=1{form}")
    assert b"\n=1" not in file.content
    name = f"x.{file['Content-Disposition'].rpartition('.')[2].strip(chr(34))}"
    address = sent(client, file.content, name, f"/bench/sets/{made.id}/upload")
    assert taken(client, address, ["question", "with_docs", *COLUMNS[1:]]).status_code == 303
    with tenant_scope(cast.team.id):
        assert sets.wordings_of(made.versions.get(number=2)) == wordings


def test_no_text_of_a_set_is_a_formula_in_a_workbook(cast: Cast, sits: SignIn) -> None:
    texts = ["=1+1", "+7 495", "@SUM(A1)"]
    with tenant_scope(cast.team.id):
        wordings = [Wording(text, True, text, [text], [text], text) for text in texts]
        made = sets.create_set(name="Ипотека", by=analyst_of(cast.owner), questions=wordings)
    file = sits(cast.owner).get(f"/bench/sets/{made.id}/download?format=xlsx")
    rows = list(load_workbook(BytesIO(file.content)).active.iter_rows(min_row=2))
    assert [[cell.value for cell in row] for row in rows] == [[text, "yes", *[text] * 4] for text in texts]
    assert {cell.data_type for row in rows for cell in row} == {"s"}
    assert all(cell.quotePrefix for row in rows for cell in row if cell.value != "yes")
    assert sits(cast.owner).get(f"/bench/sets/{made.id}/download?format=pdf").status_code == 404


def test_questions_are_found_by_words_in_any_case_and_by_tag(cast: Cast, sits: SignIn) -> None:
    with tenant_scope(cast.team.id):
        made = sets.create_set(name="Ипотека", by=analyst_of(cast.owner), questions=[CARD, RATES])
    client = sits(cast.teammate)
    for asked, there in (
        ("q=КАК", True),
        ("q=позвоните", True),
        ("tag=карты", True),
        ("tag=нет", False),
        ("q=%00", True),
    ):
        assert ("Как закрыть карту?" in client.get(f"/bench/sets/{made.id}?{asked}").content.decode()) is there
    assert "Ипотека" in client.get("/bench/sets?q=ипотека").content.decode()
    assert client.get(f"/bench/sets/{made.id}?version=9").status_code == 404
    assert client.get(f"/bench/sets/{made.id}/questions/99999999999999999999").status_code == 404


def test_lists_cost_the_same_for_few_rows_and_for_many(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)

    def cost(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    with tenant_scope(cast.team.id):
        analyst = analyst_of(cast.owner)
        first = sets.create_set(name="a", by=analyst, questions=[RATES])
        few = cost("/bench/sets"), cost(f"/bench/sets/{first.id}")
        for n in range(3):
            big = sets.create_set(name=f"b{n}", by=analyst, questions=[RATES] * 60)
            sets.add_version(set_id=big.id, by=analyst, questions=[RATES] * 60)
    assert (cost("/bench/sets"), cost(f"/bench/sets/{big.id}")) == few


def test_the_archive_and_a_copy(cast: Cast, sits: SignIn) -> None:
    with tenant_scope(cast.team.id):
        made = sets.create_set(name="Ипотека", by=analyst_of(cast.owner), questions=[CARD])
    client = sits(cast.teammate)
    client.post(f"/bench/sets/{made.id}/archive", {"archived": "1"})
    assert "Ипотека" not in client.get("/bench/sets").content.decode().replace("“Ипотека”", "")
    assert "Ипотека" in client.get("/bench/sets?archived").content.decode()
    copied = client.post(f"/bench/sets/{made.id}/duplicate", {"name": "Копия"})
    assert "Как закрыть карту?" in client.get(copied["Location"]).content.decode()
    assert "already" in client.post(f"/bench/sets/{made.id}/change", {"name": "Копия"}).content.decode()


def test_programs_make_and_read_sets(cast: Cast, client_of: Any) -> None:
    client = client_of(cast.owner)

    def send(method: str, path: str, body: Any) -> Any:
        return client.generic(method, f"/api/bench/sets{path}", json.dumps(body), "application/json")

    made = send("POST", "", {"name": "Ипотека", "questions": [{"body": "Как?", "tags": ["x"]}, {"body": "Где?"}]})
    assert made.status_code == 201
    path = f"/{made.json()['set_id']}"
    assert client.get(f"/api/bench/sets{path}/questions?limit=1&offset=1").json() == {
        "number": 1,
        "total": 2,
        "questions": [
            {
                "position": 2,
                "body": "Где?",
                "with_docs": True,
                "reference_answer": "",
                "expected_documents": [],
                "tags": [],
                "external_id": "",
            }
        ],
    }
    assert [
        one["number"] for one in send("POST", f"{path}/versions", {"questions": [{"body": "Как?"}]}).json()["versions"]
    ] == [2, 1]
    assert send("POST", "", {"name": "Ипотека", "questions": [{"body": "Как?"}]}).status_code == 409
    assert send("PATCH", path, {"is_archived": True}).json()["is_archived"] is True
    assert client.get("/api/bench/sets").json() == {"sets": [], "total": 0}
    wrong = send(
        "POST",
        "",
        {"name": "x", "questions": [{"body": "a", "external_id": "1"}, {"body": "b" * 8001, "external_id": "1"}]},
    )
    assert set(wrong.json()["errors"]) == {"questions.1.body", "questions.1.external_id"}
    for body in (
        {},
        [],
        {"name": 5, "questions": {}},
        {"name": "x", "questions": []},
        {"name": "x", "questions": [{"body": 1}]},
        {"name": "x", "questions": [{"body": "\x00"}]},
    ):
        assert send("POST", "", body).status_code == 400
    assert client.get(f"/api/bench/sets{path}/questions?version=9").status_code == 404


@pytest.mark.parametrize(
    "questions",
    [
        pytest.param([{"body": "Как?", "tags": ["\x00"] * 500}], id="characters"),
        pytest.param([{"body": "Как?", "tags": [1] * 500}], id="tags"),
        pytest.param([{"body": "Как?", "expected_documents": [""] * 500}], id="documents"),
        pytest.param([5] * 500, id="no questions"),
        pytest.param([{"body": "ы" * 8001}] * 500, id="too long"),
    ],
)
def test_a_refusal_tells_a_hundred_faults_at_most(client_of: Any, cast: Cast, questions: Any) -> None:
    body = json.dumps({"name": "x", "questions": questions})
    answer = client_of(cast.owner).generic("POST", "/api/bench/sets", body, "application/json")
    assert (answer.status_code, len(answer.content) < 20_000) == (400, True)
    assert 0 < len(answer.json()["errors"]) <= 100


def test_more_questions_than_allowed_are_refused_before_they_are_read(
    client_of: Any, cast: Cast, settings: Any
) -> None:
    settings.BENCH_MAX_QUESTIONS = 3
    body = json.dumps({"name": "x", "questions": [5] * 4})
    answer = client_of(cast.owner).generic("POST", "/api/bench/sets", body, "application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["questions"])


def test_a_refusal_is_in_one_language_throughout(cast: Cast) -> None:
    client = Client(headers={**with_key(new_key(cast.owner, ["bench"])[1]), "Accept-Language": "ru"})
    refused = client.post("/api/bench/sets", {"name": "", "questions": []}, "application/json").json()
    assert refused["detail"] == "Некоторые поля заполнены неверно."
    assert "This" not in json.dumps(refused)
    closed = Client(headers={**with_key(new_key(cast.owner, ["account:read"])[1]), "Accept-Language": "ru"})
    assert closed.get("/api/bench/sets").json()["detail"] == "У этого ключа API нет области доступа bench."


def test_who_saves_a_question_that_changed_meanwhile_is_told(cast: Cast, sits: SignIn) -> None:
    with tenant_scope(cast.team.id):
        made = sets.create_set(name="Ипотека", by=analyst_of(cast.owner), questions=[CARD])
    client, address = sits(cast.owner), f"/bench/sets/{made.id}/questions/1"
    stood = re.search(r'name="stood" value="(\w+)"', client.get(address).content.decode())
    assert stood
    assert client.post(address, {"body": "Первый", "stood": stood[1]}).status_code == 303
    late = client.post(address, {"body": "Второй", "stood": stood[1]})
    assert "Somebody changed this question meanwhile." in late.content.decode()
    assert "Второй" in late.content.decode()
    with tenant_scope(cast.team.id):
        assert sets.wordings_of(made.versions.get())[0].body == "Первый"


@pytest.mark.django_db(transaction=True)
def test_whoever_changes_a_question_while_it_is_frozen_waits_and_is_refused(cast: Cast) -> None:
    with tenant_scope(cast.team.id):
        version = sets.create_set(name="Ипотека", by=AnalystFactory(team=cast.team), questions=[CARD]).versions.get()
    is_frozen, outcome = threading.Event(), []

    def use(_number: int) -> None:
        with tenant_scope(cast.team.id), transaction.atomic():
            if _number == 0:
                sets.freeze(version.id)
                is_frozen.set()
                outcome.append([one.body for one in sets.wordings_of(version)])
                return
        is_frozen.wait(20)
        with tenant_scope(cast.team.id), pytest.raises(VersionFrozen):
            sets.save_question(version_id=version.id, position=1, wording=RATES)

    at_once(3, use)
    with tenant_scope(cast.team.id):
        assert outcome == [[CARD.body]] == [[one.body for one in sets.wordings_of(version)]]


@pytest.mark.django_db(transaction=True)
def test_versions_begun_at_once_are_one_and_those_added_are_each_their_own(cast: Cast) -> None:
    with tenant_scope(cast.team.id):
        analyst = AnalystFactory(team=cast.team)
        made = sets.create_set(name="Ипотека", by=analyst, questions=[CARD])
        sets.freeze(made.versions.get().id)

    def begin(_number: int) -> Any:
        with tenant_scope(cast.team.id):
            return sets.begin_change(set_id=made.id, by=analyst).id

    def add(_number: int) -> Any:
        with tenant_scope(cast.team.id):
            return sets.add_version(set_id=made.id, by=analyst, questions=[RATES]).number

    assert len(set(at_once(4, begin))) == 1
    assert sorted(at_once(4, add)) == [3, 4, 5, 6]
