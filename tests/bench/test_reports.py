"""What sessions add up to: always of those rated, exactly, and of nobody else's sessions."""

import re
from collections.abc import Iterator
from datetime import timedelta
from math import ceil
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from benchsessions.annotating import save_annotation
from benchsessions.issues import issues_in
from benchsessions.models import Analyst, BenchSession
from benchsessions.opinions import ask_second_opinion, decide
from benchsessions.queries import analyst_of, sessions
from benchsessions.reports import Report, report_of
from benchsessions.sessions import Asked, create_session
from tenants.percentiles import Percentiles, percentiles_among
from tenants.scope import tenant_scope
from tests.conftest import Cast

OK = {"body": "Ответ"}
ERROR = {"error": {"message": "504"}}


def said(rating: str, *issues: str, section: str = "body_research") -> dict[str, Any]:
    return {"overall": {"rating": rating}, section: {"issues": [*issues]}}


def judged(
    owner: Analyst,
    *annotations: dict[str, Any] | None,
    answers: list[Any] | None = None,
    environment: str = "psi",
    days_ago: int = 0,
) -> BenchSession:
    """Make a session with these annotations, None for no annotation."""
    session = create_session(
        owner=owner,
        environment=environment,
        api_mode="backend",
        questions=[Asked({"body": f"Вопрос {n}?"}) for n in range(len(annotations))],
        response={"answers": answers or [OK for _ in annotations]},
        annotations={n: data for n, data in enumerate(annotations) if data is not None},
    )
    BenchSession.objects.filter(id=session.id).update(created_at=timezone.now() - timedelta(days=days_ago))
    return session


@pytest.fixture
def anna(cast: Cast) -> Iterator[Analyst]:
    """Somebody of our team, in its scope."""
    with tenant_scope(cast.team.id):
        yield analyst_of(cast.owner)


def report(anna: Analyst, days: int = 30) -> Report:
    return report_of(sessions(), days, anna)


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_percentiles_are_those_of_the_nearest_rank(numbers: list[int]) -> None:
    ranked = sorted(numbers)
    expected = Percentiles(*(ranked[ceil(p * len(ranked) / 100) - 1] for p in (50, 95)))
    assert percentiles_among(numbers) == expected


def test_there_are_no_percentiles_of_nothing() -> None:
    assert percentiles_among([]) == Percentiles(None, None)


def test_seconds_are_exact_by_environment_and_day_and_errors_are_left_out(anna: Analyst) -> None:
    blank = [None] * 20
    timed = [{"body": "Ответ", "elapsed_ms": 100 * n} for n in range(1, 21)]
    judged(anna, *blank, answers=timed)
    judged(anna, None, None, answers=[{"body": "Ответ", "elapsed_ms": 9000}, {**ERROR, "elapsed_ms": 1}], days_ago=3)
    judged(anna, None, answers=[{"body": "Ответ", "elapsed_ms": 7}], environment="ift")
    found = report(anna)
    assert [(sums.environment, sums.seconds) for sums in found.environments] == [
        ("ift", Percentiles(0.007, 0.007)),
        ("psi", Percentiles(1.1, 2.0)),
    ]
    by_day = [[sums.seconds for sums in day if sums.environment == "psi"] for day in found.days.values()]
    assert by_day == [[Percentiles(9.0, 9.0)], [Percentiles(1.0, 1.9)]]


def test_accuracy_is_of_those_rated_and_applicable(anna: Analyst) -> None:
    judged(anna, said("correct"), said("partially_correct"), said("incorrect"), said("not_applicable"), said("?"), None)
    (psi,) = report(anna).environments
    assert (psi.judged.rated, psi.judged.questions) == (5, 6)
    assert (psi.judged.strict, psi.judged.lenient) == (1 / 4, 1.5 / 4)


def test_a_verdict_on_an_error_is_no_verdict_on_an_answer(anna: Analyst) -> None:
    judged(anna, said("correct"), said("incorrect"), said("неизвестно"), answers=[OK, ERROR, ERROR])
    (psi,) = report(anna).environments
    assert (psi.answered, psi.failed) == (1, 2)
    assert (psi.judged.rated, psi.judged.incorrect, psi.judged.strict) == (1, 0, 1.0)
    assert psi.error_percent == pytest.approx(200 / 3)


def test_nothing_rated_is_nothing_said(anna: Analyst) -> None:
    judged(anna, None, None)
    (psi,) = report(anna).environments
    assert (psi.judged.rated, psi.judged.strict, psi.judged.percents) == (0, None, [])


def test_only_the_days_asked_for_count_and_no_deleted_session(anna: Analyst) -> None:
    judged(anna, said("correct"), days_ago=29)
    judged(anna, said("incorrect"), days_ago=30)
    gone = judged(anna, said("incorrect"))
    BenchSession.objects.filter(id=gone.id).update(deleted_at=timezone.now())
    (psi,) = report(anna, days=30).environments
    assert (psi.sessions, psi.judged.strict) == (1, 1.0)
    assert report(anna, days=90).environments[0].judged.strict == 1 / 2


# Issues


def names(found: Any) -> dict[str, int]:
    return {issue.code: issue.answers for issue in found}


def test_issues_are_ranked_with_their_shares(anna: Analyst) -> None:
    judged(
        anna,
        said("incorrect", "tone", "incomplete"),
        said("incorrect", "incomplete"),
        said("incorrect", "incomplete", "свой код"),
        said("correct"),
        None,
    )
    found = issues_in(sessions())
    assert (found.answers, found.named) == (3, 5)
    assert [(one.code, one.answers, one.percent, one.cumulative) for one in found.listed] == [
        ("incomplete", 3, 60, 60),
        ("tone", 1, 20, 80),
        ("свой код", 1, 20, 100),
    ]
    assert names(found.stages) == {"generation": 3, "other": 1, "": 1}
    assert names(found.sections) == {"body_research": 3}
    assert found.listed[0].width == "100.00%"


def test_an_issue_that_several_sections_and_people_name_counts_once(anna: Analyst, cast: Cast) -> None:
    both = {**said("incorrect", "tone"), "docs_research": {"issues": ["tone"]}}
    session = judged(anna, both)
    save_annotation(
        session_id=session.id, index=0, author=analyst_of(cast.admin), data=said("incorrect", "tone"), version=None
    )
    assert names(issues_in(sessions()).listed) == {"tone": 1}


def test_only_annotations_that_count_name_issues(anna: Analyst, cast: Cast) -> None:
    session = judged(anna, said("incorrect", "tone"), {"body_research": {"issues": ["no_source"]}})
    boris = analyst_of(cast.teammate)
    ask_second_opinion(session_id=session.id, reviewer=boris, by=anna)
    for index in (0, 1):
        data = said("correct", "wrong_class") if index == 0 else {"x": {"issues": ["broken_link"]}}
        save_annotation(session_id=session.id, index=index, author=boris, data=data, version=None)
    assert names(issues_in(sessions()).listed) == {"tone": 1, "no_source": 1}
    decide(session_id=session.id, index=0, rating="correct", by=anna)
    assert names(issues_in(sessions()).listed) == {"wrong_class": 1, "no_source": 1}


def test_a_comment_that_looks_like_a_list_of_issues_is_none(anna: Analyst) -> None:
    judged(anna, {"overall": {"rating": "correct", "comment": '"issues": ["tone"]'}, "x": {"issues": []}})
    assert (issues_in(sessions()).answers, issues_in(sessions()).listed) == (0, [])


# Who asks


@pytest.fixture
def two_teams(cast: Cast) -> None:
    with tenant_scope(cast.team.id):
        anna = analyst_of(cast.owner)
        judged(anna, said("correct"), said("incorrect", "tone"), None, answers=[OK, OK, ERROR])
        judged(anna, said("correct"), environment="prod", days_ago=2)
    with tenant_scope(cast.other_team.id):
        judged(analyst_of(cast.outsider), *[said("incorrect", "чужой код")] * 7, environment="ift")


def text_of(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


@pytest.mark.usefixtures("two_teams")
def test_the_page_says_how_many_are_rated_and_nothing_of_another_team(cast: Cast, sits: Any) -> None:
    page = sits(cast.teammate).get("/bench/charts?days=30")
    text = text_of(page)
    assert "PSI 50 % (2 of 3 rated); PROD 100 % (1 of 1 rated)." in text
    assert "PSI: only 2 answers are rated; their accuracy may well be chance." in text
    assert "1 answer has an issue; 3 of 4 are rated." in text
    assert "1 (33.3 %)" in text
    assert "чужой код" not in text
    assert 'class="chart-dot kind-ift' not in page.content.decode()
    assert "style=" not in page.content.decode()


@pytest.mark.usefixtures("two_teams")
@pytest.mark.parametrize(("asked", "told"), [("environment=prod", "PROD 100 %"), ("mode=bench", "No session")])
def test_the_page_counts_only_what_is_asked_for(cast: Cast, sits: Any, asked: str, told: str) -> None:
    text = text_of(sits(cast.owner).get(f"/bench/charts?{asked}"))
    assert told in text
    assert "PSI 50 %" not in text


def test_an_empty_bench_says_so(cast: Cast, sits: Any) -> None:
    assert "No session was begun in this time." in text_of(sits(cast.owner).get("/bench/charts"))


@pytest.mark.parametrize("asked", ["days=31", "days=", "environment=x", "set=x", "owner=%00", "mode=%00"])
def test_what_there_is_not_is_refused(cast: Cast, sits: Any, client_of: Any, asked: str) -> None:
    assert sits(cast.owner).get(f"/bench/charts?{asked}").status_code == 400
    answer = client_of(cast.owner).get(f"/api/bench/report?{asked}")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "VALIDATION_ERROR")


def test_a_foreign_set_and_person_are_as_none(cast: Cast, client_of: Any) -> None:
    with tenant_scope(cast.other_team.id):
        theirs = analyst_of(cast.outsider)
        judged(theirs, None)
    client = client_of(cast.owner)
    answers = [
        client.get(f"/api/bench/report?owner={who}") for who in (theirs.id, "0" * 8 + "-0000-4000-8000-" + "0" * 12)
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()


def test_whoever_is_still_to_judge_learns_no_verdict_of_the_session(cast: Cast, sits: Any) -> None:
    with tenant_scope(cast.team.id):
        anna = analyst_of(cast.owner)
        session = judged(anna, said("correct"), said("correct", "tone"), None)
        ask_second_opinion(session_id=session.id, reviewer=analyst_of(cast.teammate), by=anna)
        found = report(analyst_of(cast.teammate))
        assert found.hidden == 1
        assert (found.judged.rated, found.judged.questions, found.issues.listed) == (0, 0, [])
        assert report(anna).judged.rated == 2
    text = text_of(sits(cast.teammate).get("/bench/charts"))
    assert "The verdicts of 1 session are left out: your second opinion on it is asked." in text
    assert "100 %" not in text


@pytest.mark.usefixtures("two_teams")
def test_a_program_gets_the_same(cast: Cast, client_of: Any) -> None:
    answer = client_of(cast.teammate).get("/api/bench/report?days=30").json()
    psi, prod = answer["environments"]
    assert (psi["environment"], psi["judged"]["rated"], psi["judged"]["questions"], psi["failed"]) == ("psi", 2, 3, 1)
    assert (psi["judged"]["accuracy_strict"], prod["judged"]["accuracy_strict"]) == (0.5, 1.0)
    assert [len(day["environments"]) for day in answer["days"]] == [1, 1]
    assert answer["issues"]["listed"] == [{"code": "tone", "answers": 1, "percent": 100.0, "cumulative": 100.0}]


def test_the_number_of_queries_is_the_same_for_one_session_and_for_many(cast: Cast, sits: Any) -> None:
    browser = sits(cast.owner)
    counts = []
    for size in (1, 6):
        with tenant_scope(cast.team.id):
            for n in range(size):
                judged(analyst_of(cast.owner), said("incorrect", "tone"), None, answers=[OK, ERROR], days_ago=n)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/bench/charts").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14
    assert not [query["sql"] for query in queries if '"benchsessions_item"."answer",' in query["sql"]]
