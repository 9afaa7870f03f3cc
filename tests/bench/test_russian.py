"""What a reader of Russian sees: no English sentence, no point in a number, no clock of another zone."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.limits import BENCH_CHECKS_PER_PERSON
from benchsessions.drawings import drawings_of
from benchsessions.environments import write_settings
from benchsessions.models import Target
from benchsessions.queries import analyst_of, sessions
from benchsessions.reports import report_of
from benchsessions.sessions import Asked, create_session
from benchsessions.sets import create_set
from benchsessions.shown import shown
from benchsessions.wording import Wording
from tenants.charts import lines
from tenants.scope import tenant_scope
from tests.bench.conftest import SignIn
from tests.conftest import Cast

RUSSIAN = {"Accept-Language": "ru"}


@pytest.fixture
def page(cast: Cast, sits: SignIn) -> Any:
    return sits(cast.owner)


def made(cast: Cast, *answers: dict[str, Any], title: str = "", **kwargs: Any) -> Any:
    with tenant_scope(cast.team.id):
        return create_session(
            owner=analyst_of(cast.owner),
            environment="ift",
            api_mode="backend",
            questions=[Asked({"body": f"Вопрос {n}?"}) for n, _answer in enumerate(answers)],
            response={"answers": list(answers)},
            title=title,
            **kwargs,
        )


def test_a_version_of_a_set_is_offered_in_russian(cast: Cast, page: Any) -> None:
    with tenant_scope(cast.team.id):
        create_set(name="Карты", by=analyst_of(cast.owner), questions=[Wording("Как?")])
    assert "Карты, версия 1 – 1 вопрос<" in page.get("/bench/new", headers=RUSSIAN).content.decode()


def test_refusals_are_told_in_the_language_of_the_page(cast: Cast, sits: SignIn, page: Any) -> None:
    refused = page.get(f"/bench/sessions/{cast.team.id}", headers=RUSSIAN)
    told = refused.content.decode()
    assert refused.status_code == 404
    assert 'lang="ru"' in told
    assert "Не найдено" in told
    forbidden = sits(cast.teammate).get("/bench/targets", headers=RUSSIAN)
    assert forbidden.status_code == 403
    assert "Нет доступа" in forbidden.content.decode()
    assert "Not found" in page.get("/chats/none", headers=RUSSIAN).content.decode()


def test_what_no_page_answers_is_told_in_the_language_that_its_reader_chose(cast: Cast, page: Any) -> None:
    page.post("/bench/language", {"language": "ru"})
    unnamed = page.get("/bench/none")
    made = cast.team.id
    assert (unnamed.status_code, page.get("/benches").status_code) == (404, 404)
    for answer in (unnamed, page.get(f"/bench/sets/{made}/questions/x"), Client().get("/bench/none", headers=RUSSIAN)):
        told = answer.content.decode()
        assert 'lang="ru"' in told
        assert "Не найдено" in told
        assert "По этому адресу ничего нет." in told
    assert "Not found" in page.get("/chats/none").content.decode()
    assert "Not found" in page.get("/benches").content.decode()


def test_too_many_tries_of_a_token_are_refused_in_russian(cast: Cast, page: Any) -> None:
    with tenant_scope(cast.team.id):
        Target.objects.create(environment="psi", backend_url="https://rag.example/")
        write_settings(analyst=analyst_of(cast.owner), settings={"psi": {"bearerToken": "ключ"}})
    for _ in range(BENCH_CHECKS_PER_PERSON):
        assert page.post("/bench/settings/check", {"environment": "psi"}, headers=RUSSIAN).status_code == 303
    told = page.post("/bench/settings/check", {"environment": "psi"}, headers=RUSSIAN)
    assert told.status_code == 429
    assert re.search(r"Слишком много попыток\. До следующей попытки: \d+ секунд", told.content.decode())


def test_a_form_that_is_out_of_date_or_too_large_is_refused_in_russian(cast: Cast, page: Any) -> None:
    strict = Client(enforce_csrf_checks=True, headers=RUSSIAN)
    strict.cookies = page.cookies
    outdated = strict.post("/bench/settings", {})
    assert outdated.status_code == 403
    assert "Форма устарела." in outdated.content.decode()
    long = page.post("/bench/sets/new", {"text": "ж" * 3_000_000}, headers=RUSSIAN)
    assert long.status_code == 413
    assert "Этот текст больше, чем" in long.content.decode()


def test_an_address_is_refused_in_russian_at_the_bench_alone(cast: Cast, sits: SignIn) -> None:
    sent = {"backend_url": "ftp://rag.example", "max_concurrent": 1, "answer_seconds": 9, "list_seconds": 9}
    admin = sits(cast.admin)
    assert "Адрес должен начинаться с" in admin.post("/bench/targets/psi", sent, headers=RUSSIAN).content.decode()
    assert "The address must begin with" in admin.post("/bench/targets/psi", sent).content.decode()


def test_an_untitled_session_is_named_without_a_clock(cast: Cast) -> None:
    session = made(cast, {"body": "Да"}, {"body": "Нет"})
    assert str(session) == f"IFT, {session.created_at:%Y-%m-%d}, 2 questions"
    with translation.override("ru"):
        assert str(session) == f"IFT, {session.created_at:%Y-%m-%d}, 2 вопроса"


def test_errors_are_said_in_words_and_scores_with_a_comma(cast: Cast) -> None:
    error = {"kind": "http", "http_status": 500, "message": "upstream"}
    session = made(cast, {"error": error}, {"body": "Да", "docs": [{"title": "Тарифы", "score": 0.774}]})
    with tenant_scope(cast.team.id), translation.override("ru"):
        failed, answered = session.items.defer(None).order_by("index")
        assert shown(failed).error == "Запрос не удался · HTTP 500 · upstream"
        assert shown(answered).documents[0].score == "0,77"


def test_shares_are_rounded_and_written_the_same_everywhere(cast: Cast, page: Any) -> None:
    ratings = ("correct", "correct", "incorrect")
    said = {n: {"overall": {"rating": rating}} for n, rating in enumerate(ratings)}
    session = made(cast, *({"body": "Да"} for _ in ratings), annotations=said)
    with tenant_scope(cast.team.id), translation.override("ru"):
        accuracy = drawings_of(report_of(sessions(), 30, analyst_of(cast.owner)))[0]
    assert "66,7 %" in accuracy.says
    for path in ("/bench", "/bench/charts", f"/bench/sessions/{session.id}"):
        html = page.get(path, headers=RUSSIAN).content.decode()
        assert "66,7 %" in html
        assert "66 %" not in html
        assert "67 %" not in html


def test_scales_are_written_as_the_language_does() -> None:
    days = [date(2026, 9, 22), date(2026, 9, 23)]
    with translation.override("ru"):
        chart = lines(days, {"a": [0.4, 2.0]}, {"a": "а"}, tell=lambda label, value: label)
    assert [mark.label for mark in chart.heights] == ["0", "0,5", "1", "1,5", "2"]
    assert [mark.label for mark in chart.dates][-1] == "23 сен"
    chart = lines(days, {"a": [0.4, 6000]}, {"a": "a"}, tell=lambda label, value: label)
    assert [mark.label for mark in chart.heights][-1] == "6,000"
    assert [mark.label for mark in chart.dates][-1] == "23 Sep"
