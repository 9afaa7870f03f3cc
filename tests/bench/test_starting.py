"""The page that starts a session: what it offers, refuses, makes and asks."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from benchsessions.environments import write_settings
from benchsessions.models import BenchRun, BenchSession, Item, QuestionSet, QuestionSetVersion, Target
from benchsessions.opinions import ask_second_opinion
from benchsessions.queries import analyst_of
from benchsessions.sessions import Asked
from benchsessions.sets import create_set
from benchsessions.wording import Wording
from tenants.scope import tenant_scope
from tests.bench.conftest import SignIn
from tests.conftest import Cast
from tests.factories import AgentFactory, AnalystFactory, BenchSessionFactory

NEW = "/bench/new"
TOKEN = "canary-token-of-the-test"
PASTED = {"environment": "psi", "questions": "Как закрыть карту?\r\n\r\n  Где тарифы? \r\n", "stop_after_errors": "10"}


@pytest.fixture
def page(cast: Cast, sits: SignIn) -> Any:
    return sits(cast.owner)


@pytest.fixture
def analyst(cast: Cast) -> Any:
    with tenant_scope(cast.team.id):
        return analyst_of(cast.owner)


@pytest.fixture
def targets(cast: Cast) -> None:
    with tenant_scope(cast.team.id):
        Target.objects.create(environment="psi", backend_url="https://rag.example/ask")
        Target.objects.create(
            environment="prod", bench_url="https://rag.example/all", backend_url="https://rag.example/ask"
        )


@pytest.fixture
def version(cast: Cast, analyst: Any) -> QuestionSetVersion:
    with tenant_scope(cast.team.id):
        wordings = [
            Wording("Как закрыть карту?", reference_answer="В приложении", tags=["карты"], external_id="q-1"),
            Wording("Где тарифы?", with_docs=False),
        ]
        version: QuestionSetVersion = create_set(name="Карты", by=analyst, questions=wordings).versions.get()
        return version


def made(cast: Cast) -> BenchSession:
    with tenant_scope(cast.team.id):
        return BenchSession.objects.select_related("question_set_version").get()


def test_without_any_question_it_says_what_to_do(page: Any, targets: None) -> None:
    html = page.post(NEW, {**PASTED, "questions": " "}).content.decode()
    assert "Choose a set or paste questions." in html


def test_an_admin_is_led_to_where_an_environment_is_set_up(cast: Cast, sits: SignIn) -> None:
    assert 'href="/bench/targets/ift"' in sits(cast.admin).get(NEW).content.decode()
    assert 'href="/bench/targets/ift"' not in sits(cast.teammate).get(NEW).content.decode()


def requests_of(cast: Cast, session: BenchSession) -> list[Any]:
    with tenant_scope(cast.team.id):
        return list(Item.objects.filter(session=session).order_by("index").values_list("request", flat=True))


def errors_of(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    return dict(response.context["form"].errors)


def test_pasted_questions_make_a_session_that_is_asked(cast: Cast, page: Any, targets: None) -> None:
    answer = page.post(NEW, {**PASTED, "title": "Утро"})
    session = made(cast)
    assert (answer.status_code, answer["Location"]) == (303, reverse("bench-session", args=[session.id]))
    assert requests_of(cast, session) == [
        {"body": "Как закрыть карту?", "with_docs": True},
        {"body": "Где тарифы?", "with_docs": True},
    ]
    assert (session.title, session.api_mode, session.question_set_version) == ("Утро", "backend", None)
    with tenant_scope(cast.team.id):
        run = BenchRun.objects.get(session=session)
        assert (run.state, run.n_due, run.stop_after_errors, run.in_order) == ("running", 2, 10, False)
        entry = AuditEntry.objects.get(action="bench.run_started")
    assert (entry.actor_id, entry.details["environment"], entry.details["questions"]) == (cast.owner.id, "psi", 2)


def test_a_set_is_frozen_and_its_references_come_along(cast: Cast, page: Any, targets: None, version: Any) -> None:
    assert b"2 questions" in page.get(NEW).content
    assert f'<option value="{version.id}" selected>' in page.get(NEW, {"version": version.id}).content.decode()
    assert page.post(NEW, {"environment": "psi", "version": version.id, "stop_after_errors": 0}).status_code == 303
    session = made(cast)
    with tenant_scope(cast.team.id):
        version.refresh_from_db()
        first, second = Item.objects.defer(None).filter(session=session).order_by("index")
    assert version.frozen_at is not None
    assert session.question_set_version == version
    assert first.reference["external_id"] == "q-1"
    assert first.reference["answer"] == "В приложении"
    assert (first.request["with_docs"], second.request["with_docs"]) == (True, False)


def test_what_is_said_of_this_run_goes_before_the_settings(
    cast: Cast, page: Any, analyst: Any, targets: None, version: Any
) -> None:
    with tenant_scope(cast.team.id):
        own = {"apiMode": "bench", "resetSessionMode": True, "withClassify": False, "bearerToken": TOKEN, "x": "y"}
        write_settings(analyst=analyst, settings={"prod": own})
    sent = {"environment": "prod", "confirmed": "on", "version": version.id, "with_docs": "yes", "with_classify": "yes"}
    sent |= {"reset_session": "no", "api_mode": "backend", "batch_size": "7", "max_concurrent": "2"}
    assert page.post(NEW, {**sent, "stop_after_errors": "3"}).status_code == 303
    session = made(cast)
    assert [request["with_docs"] for request in requests_of(cast, session)] == [True, True]
    with tenant_scope(cast.team.id):
        run = BenchRun.objects.get(session=session)
    assert (run.in_order, run.with_classify, run.batch_size, run.max_concurrent) == (True, True, 7, 2)
    assert session.settings_snapshot == {
        "apiMode": "backend",
        "withClassify": True,
        "resetSessionMode": False,
        "systemPlatform": "",
        "systemPlatformUser": "",
        "platformUserId": "",
        "platformId": "",
    }


def test_the_mode_is_that_of_the_settings_where_it_is_offered(
    cast: Cast, page: Any, analyst: Any, targets: None
) -> None:
    with tenant_scope(cast.team.id):
        write_settings(analyst=analyst, settings={"prod": {"apiMode": "bench"}, "psi": {"apiMode": "bench"}})
    page.post(NEW, {**PASTED, "environment": "prod", "confirmed": "on"})
    assert made(cast).api_mode == "bench"
    assert errors_of(page.post(NEW, {**PASTED, "api_mode": "bench"})).keys() == {"api_mode"}


def test_production_is_asked_only_by_who_says_so(cast: Cast, page: Any, targets: None) -> None:
    assert errors_of(page.post(NEW, {**PASTED, "environment": "prod"})).keys() == {"confirmed"}
    with tenant_scope(cast.team.id):
        assert not BenchSession.objects.exists()
    assert page.post(NEW, {**PASTED, "environment": "prod", "confirmed": "on"}).status_code == 303


def test_an_environment_without_a_target_cannot_be_chosen_and_says_why(page: Any, targets: None) -> None:
    text = page.get(NEW).content.decode()
    assert "Nobody has said yet where it is." in text
    assert errors_of(page.post(NEW, {**PASTED, "environment": "ift"})).keys() == {"environment"}
    assert errors_of(page.post(NEW, {**PASTED, "environment": "moon"})).keys() == {"environment"}


def test_an_agent_that_a_person_may_not_use_is_no_environment_of_theirs(cast: Cast, page: Any, sits: SignIn) -> None:
    agent = AgentFactory(team=cast.team, name="Тайный", audience="chosen")
    with tenant_scope(cast.team.id):
        Target.objects.create(environment="psi", agent=agent)
    assert "Тайный" not in page.get(NEW).content.decode()
    assert errors_of(page.post(NEW, PASTED)).keys() == {"environment"}
    assert sits(cast.admin).post(NEW, PASTED).status_code == 303


def test_a_missing_token_is_said_and_one_that_is_set_is_only_hinted_at(
    cast: Cast, page: Any, analyst: Any, targets: None
) -> None:
    assert "no token is set" in page.get(NEW).content.decode()
    with tenant_scope(cast.team.id):
        for environment in ("psi", "prod"):
            write_settings(analyst=analyst, settings={environment: {"bearerToken": TOKEN}})
    text = page.get(NEW).content.decode()
    assert "no token is set" not in text
    assert TOKEN not in text


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"questions": ""}, {"questions"}),
        ({"questions": "  \n \n"}, {"questions"}),
        ({"questions": "a\0b"}, {"questions"}),
        ({"questions": "да\n" + "щ" * 8001}, {"questions"}),
        ({"questions": "да\n" * 4}, {"questions"}),
        ({"title": "щ" * 201}, {"title"}),
        ({"version": "x"}, {"version"}),
        ({"batch_size": "1" * 40}, {"batch_size"}),
        ({"max_concurrent": "-1"}, {"max_concurrent"}),
        ({"stop_after_errors": ""}, {"stop_after_errors"}),
        ({"with_docs": "maybe"}, {"with_docs"}),
        ({"environment": ""}, {"environment"}),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(
    cast: Cast, page: Any, targets: None, settings: Any, sent: dict[str, str], wrong: set[str]
) -> None:
    settings.BENCH_MAX_QUESTIONS = 3
    assert errors_of(page.post(NEW, {**PASTED, **sent})).keys() == wrong
    with tenant_scope(cast.team.id):
        assert not BenchSession.objects.exists()


def test_a_set_of_another_team_is_none(cast: Cast, page: Any, targets: None) -> None:
    with tenant_scope(cast.other_team.id):
        theirs = AnalystFactory(team=cast.other_team)
        foreign = create_set(name="Чужой", by=theirs, questions=[Wording("Чей?")]).versions.get()
    assert "Чужой" not in page.get(NEW).content.decode()
    sent = {**PASTED, "questions": "", "version": foreign.id}
    assert "version" in errors_of(page.post(NEW, sent))


def test_a_form_sent_twice_starts_one_session(cast: Cast, page: Any, targets: None) -> None:
    once = page.get(NEW).context["form"]["once"].value()
    for _ in range(2):
        assert page.post(NEW, {**PASTED, "once": str(once)}).status_code == 303
    with tenant_scope(cast.team.id):
        assert BenchSession.objects.count() == 1


def test_pasted_questions_can_be_kept_as_a_set(cast: Cast, page: Any, targets: None) -> None:
    assert page.post(NEW, {**PASTED, "set_name": "Из письма"}).status_code == 303
    session = made(cast)
    with tenant_scope(cast.team.id):
        kept = QuestionSet.objects.get(name="Из письма")
        assert session.question_set_version == kept.versions.get()
        assert session.question_set_version.frozen_at is not None
    answer = page.post(NEW, {**PASTED, "set_name": "Из письма"})
    assert "has a question set of this name" in answer.content.decode()
    assert made(cast) == session


def judged(cast: Cast, owner: Any) -> BenchSession:
    """Return a session of which one answer is right, one wrong and one failed."""
    response = {"answers": [{"body": "да"}, {"body": "нет"}, {"error": {"kind": "timeout"}}]}
    said = {0: {"overall": {"rating": "correct"}}, 1: {"overall": {"rating": "incorrect"}}}
    asked = [{"body": f"Вопрос {n}?", "with_docs": n == 1, "mine": n} for n in range(3)]
    questions = [Asked(request, {"external_id": f"q-{n}"}) for n, request in enumerate(asked)]
    made: BenchSession = BenchSessionFactory(
        owner=owner, questions=questions, response=response, annotations=said, title="Вчера"
    )
    return made


@pytest.mark.parametrize(("only", "again"), [("all", [0, 1, 2]), ("failed", [1, 2]), ("errors", [2]), ("x", [0, 1, 2])])
def test_questions_of_a_session_are_asked_again_as_they_were(
    cast: Cast, page: Any, targets: None, analyst: Any, only: str, again: list[int]
) -> None:
    source = judged(cast, analyst)
    address = f"{NEW}?from={source.id}&only={only}"
    assert len(page.get(address).context["again"]) == len(again)
    assert page.post(address, {"environment": "psi", "stop_after_errors": "0"}).status_code == 303
    with tenant_scope(cast.team.id):
        session = BenchSession.objects.exclude(id=source.id).get()
        items = list(Item.objects.defer(None).filter(session=session).order_by("index"))
    assert [item.request["mine"] for item in items] == again
    assert [item.reference for item in items] == [{"external_id": f"q-{n}"} for n in again]


def test_who_is_to_judge_blindly_learns_nothing_from_what_is_asked_again(
    cast: Cast, sits: SignIn, targets: None, analyst: Any
) -> None:
    source = judged(cast, analyst)
    with tenant_scope(cast.team.id):
        blind = analyst_of(cast.teammate)
        ask_second_opinion(session_id=source.id, reviewer=blind, by=analyst)
    seen = sits(cast.teammate).get(f"{NEW}?from={source.id}&only=failed").context["again"]
    assert [asked.request["mine"] for asked in seen] == [2]


@pytest.mark.parametrize("named", ["x", "\0", "9" * 40, "00000000-0000-4000-8000-000000000000"])
def test_a_session_that_is_not_there_is_not_asked_again(page: Any, targets: None, named: str) -> None:
    assert page.get(NEW, {"from": named}).status_code == 404


def test_a_session_of_another_team_is_not_asked_again(cast: Cast, page: Any, targets: None) -> None:
    foreign = BenchSessionFactory(owner=AnalystFactory(team=cast.other_team))
    assert page.get(NEW, {"from": foreign.id}).status_code == 404
    assert page.post(f"{NEW}?from={foreign.id}", {"environment": "psi", "stop_after_errors": "0"}).status_code == 404


def test_nothing_that_failed_is_nothing_to_ask(cast: Cast, page: Any, targets: None, analyst: Any) -> None:
    source = BenchSessionFactory(owner=analyst)
    answer = page.post(f"{NEW}?from={source.id}&only=errors", {"environment": "psi", "stop_after_errors": "0"})
    assert errors_of(answer).keys() == {"__all__"}
