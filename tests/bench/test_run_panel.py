"""The panel and the calls that show how asking stands, and stop, resume and retry it; with real runs."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from benchsessions.models import BenchRun, BenchSession, RunState, Target
from benchsessions.queries import analyst_of
from benchsessions.sessions import Asked, change_session, create_session
from tenants.scope import tenant_scope
from tests.bench.conftest import SignIn
from tests.bench.rag import Rag, Reply, as_usual, rag_service
from tests.conftest import Cast
from tests.keys import new_key, with_key

runs = pytest.mark.django_db(transaction=True)  # asked at the commit


@pytest.fixture
def rag(settings: Any) -> Any:
    settings.AGENT_ALLOWED_CIDRS = ["127.0.0.0/8"]
    with rag_service() as rag:
        yield rag


@pytest.fixture
def session(cast: Cast, rag: Rag) -> BenchSession:
    """A session of four questions that were not asked yet, of a service that is there."""
    with tenant_scope(cast.team.id):
        for environment in ("psi", "prod"):
            Target.objects.create(environment=environment, backend_url=rag.backend_url, answer_seconds=5)
        questions = [Asked({"body": f"Вопрос {n}?", "with_docs": True}) for n in range(4)]
        return create_session(
            owner=analyst_of(cast.owner), environment="psi", api_mode="backend", questions=questions, title="Утро"
        )


def api(session: BenchSession, verb: str = "") -> str:
    return f"/api/bench/sessions/{session.id}/run{verb and f'/{verb}'}"


def set_run(session: BenchSession, **fields: Any) -> None:
    with tenant_scope(session.team_id):
        BenchRun.objects.update_or_create(session=session, defaults=fields)


def panel(page: Any, session: BenchSession) -> str:
    return " ".join(page.get(reverse("bench-run", args=[session.id])).content.decode().split())


def press(page: Any, session: BenchSession, action: str, **fields: Any) -> Any:
    return page.post(reverse("bench-run", args=[session.id]), {"action": action, **fields})


@runs
def test_what_was_not_asked_yet_is_asked_at_a_press(cast: Cast, sits: SignIn, session: BenchSession, rag: Rag) -> None:
    page = sits(cast.teammate)
    assert "Not asked yet" in panel(page, session)
    back = reverse("bench-session", args=[session.id]) + "?item=2"
    assert press(page, session, "start", next=back)["Location"] == back
    assert sorted(rag.questions) == [f"Вопрос {n}?" for n in range(4)]
    text = panel(page, session)
    assert "All asked" in text
    assert "4 of 4" in text
    assert "<progress" not in text
    assert "<button" not in text[text.index("run-actions") :].split("</div>")[0]


@runs
def test_errors_are_counted_and_retried_and_nothing_else_is(
    cast: Cast, sits: SignIn, session: BenchSession, rag: Rag
) -> None:
    page = sits(cast.owner)
    rag.answer = lambda asked: Reply(500) if "1" in asked.question or "3" in asked.question else as_usual(asked)
    press(page, session, "start")
    text = panel(page, session)
    assert "4 of 4" in text
    assert "2 errors" in text
    before, rag.answer = len(rag.asked), as_usual
    press(page, session, "retry")
    assert sorted(rag.questions[before:]) == ["Вопрос 1?", "Вопрос 3?"]
    assert "error" not in panel(page, session).split("run-figures")[1].split("</div>")[0]
    with tenant_scope(cast.team.id):
        verbs = list(
            AuditEntry.objects.filter(action="bench.run_started").order_by("at").values_list("details", flat=True)
        )
    assert [(told["verb"], told["questions"]) for told in verbs] == [("start", 4), ("retry", 2)]


@runs
def test_a_refused_token_leads_to_the_settings_and_the_rest_is_resumed(
    cast: Cast, sits: SignIn, session: BenchSession, rag: Rag
) -> None:
    page = sits(cast.owner)
    rag.answer = lambda asked: Reply(401)
    press(page, session, "start")
    text = panel(page, session)
    assert "Set a new one, then resume." in text
    assert f'href="{reverse("bench-settings")}"' in text.split("run-figures")[1]
    rag.answer = as_usual
    press(page, session, "resume")
    assert "All asked" in panel(page, session)


def test_many_errors_in_a_row_lead_to_the_errors(cast: Cast, sits: SignIn, session: BenchSession, rag: Rag) -> None:
    page = sits(cast.owner)
    set_run(session, state=RunState.FAILED, reason="errors", sentence="Too many questions in a row failed.")
    text = panel(page, session)
    assert "?filter=errors" in text
    assert "Stopped by errors" in text


def test_while_it_runs_it_can_be_stopped_and_says_how_long_it_takes(
    cast: Cast, sits: SignIn, session: BenchSession
) -> None:
    page = sits(cast.owner)
    set_run(session, state=RunState.RUNNING, n_due=4, n_asked=1)
    text = panel(page, session)
    assert "data-running" in text
    assert 'value="stop"' in text
    assert "a minute" in text
    assert "left" in text
    assert 'value="resume"' not in text
    press(page, session, "stop")
    text = panel(page, session)
    assert "Stopping …" in text
    assert "Press Stop again" in text
    assert press(page, session, "stop").status_code == 303
    assert "Stopping …" in panel(page, session)  # a double click is one press
    set_run(session, stop_requested_at=timezone.now() - timedelta(seconds=2))
    press(page, session, "stop")
    text = panel(page, session)
    assert "Stopping …" not in text
    assert "4 questions were not asked yet." in text
    assert 'value="resume"' in text


def test_what_is_not_possible_is_said(cast: Cast, sits: SignIn, session: BenchSession) -> None:
    page = sits(cast.owner)
    set_run(session, state=RunState.RUNNING)
    address = reverse("bench-run", args=[session.id])
    assert b"Stop it first" in page.post(address, {"action": "resume"}, follow=True).content
    answer = page.post(address, {"action": "resume"}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["error_code"]) == (409, "BENCH_RUN_IN_PROGRESS")
    for wrong in ("", "explode", "\0"):
        answer = page.post(address, {"action": wrong}, headers={"accept": "application/json"})
        assert answer.status_code == 400


def test_a_form_leads_back_to_our_own_pages_only(cast: Cast, sits: SignIn, session: BenchSession) -> None:
    answer = press(sits(cast.owner), session, "stop", next="https://evil.example/")
    assert answer["Location"] == reverse("bench-run", args=[session.id])


@runs
def test_answers_that_were_sent_and_match_nothing_are_not_asked_over(
    cast: Cast, sits: SignIn, session: BenchSession, rag: Rag
) -> None:
    page = sits(cast.owner)
    with tenant_scope(cast.team.id):
        change_session(session_id=session.id, author=analyst_of(cast.owner), response=[{"body": "один"}] * 2)
    text = panel(page, session)
    assert "would replace the answers that were sent" in text
    assert f'href="{reverse("bench-new")}?from={session.id}"' in text
    assert 'name="action"' not in text
    assert (
        b"Run them again"
        in page.post(reverse("bench-run", args=[session.id]), {"action": "start"}, follow=True).content
    )
    assert rag.asked == []


@runs
def test_production_is_not_asked_by_a_press_alone(cast: Cast, sits: SignIn, session: BenchSession, rag: Rag) -> None:
    page = sits(cast.owner)
    with tenant_scope(cast.team.id):
        BenchSession.objects.filter(id=session.id).update(environment="prod")
    assert "I want to ask production" in panel(page, session)
    for verb in ("start", "resume"):
        press(page, session, verb)
    assert rag.asked == []
    press(page, session, "start", confirmed="1")
    assert len(rag.asked) == 4


@runs
def test_an_error_among_answers_that_a_client_sent_can_be_retried(
    cast: Cast, sits: SignIn, session: BenchSession, rag: Rag
) -> None:
    page = sits(cast.owner)
    sent: list[Any] = [{"body": "один"}] * 3 + [{"status": "error"}]
    with tenant_scope(cast.team.id):
        BenchSession.objects.filter(id=session.id).update(environment="prod")
        change_session(session_id=session.id, author=analyst_of(cast.owner), response=sent)
    text = panel(page, session)
    assert "All asked" in text
    assert "Retry the errors" in text
    assert "I want to ask production" in text
    press(page, session, "retry")
    assert rag.asked == []
    press(page, session, "retry", confirmed="1")
    assert rag.questions == ["Вопрос 3?"]
    text = panel(page, session)
    assert "4 of 4" in text
    assert "error" not in text.partition('id="run-actions"')[0].partition("All asked")[2]


@runs
def test_programs_start_look_stop_and_retry(cast: Cast, session: BenchSession, rag: Rag, client: Any) -> None:
    headers = with_key(new_key(cast.teammate, ["bench"])[1])
    stands = client.get(api(session), headers=headers).json()
    assert (stands["state"], stands["done"], stands["total"], stands["may_resume"]) == (None, 0, 4, True)
    rag.answer = lambda asked: Reply(500)
    body = {"stop_after_errors": 2, "max_concurrent": 1, "reset_session": False}
    answer = client.post(api(session), body, "application/json", headers=headers)
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["reason"], answer.json()["failed"]) == ("failed", "errors", 2)
    rag.answer = as_usual
    assert client.post(api(session, "retry"), headers=headers).json()["failed"] == 0
    stands = client.post(api(session, "resume"), headers=headers).json()
    assert (stands["state"], stands["done"], stands["may_resume"], stands["may_retry"]) == ("done", 4, False, False)
    assert client.post(api(session, "stop"), headers=headers).status_code == 200
    assert client.post(api(session, "resume"), headers=headers).json()["error_code"] == "BENCH_NOTHING_TO_RUN"


@pytest.mark.parametrize(
    "body",
    [
        {"batch_size": -1},
        {"batch_size": "7"},
        {"batch_size": 10**30},
        {"max_concurrent": 0},
        {"stop_after_errors": 1.5},
        {"with_classify": "yes"},
        [],
    ],
)
def test_a_start_that_makes_no_sense_is_refused(cast: Cast, session: BenchSession, client_of: Any, body: Any) -> None:
    answer = client_of(cast.owner).post(api(session), body, "application/json")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "VALIDATION_ERROR")
    with tenant_scope(cast.team.id):
        assert not BenchRun.objects.exists()


def test_programs_of_another_team_find_nothing(cast: Cast, session: BenchSession, client_of: Any, rag: Rag) -> None:
    stranger = client_of(cast.other_admin)
    assert stranger.get(api(session)).status_code == 404
    for verb in ("", "stop", "resume", "retry"):
        assert stranger.post(api(session, verb), {}, "application/json").status_code == 404
    assert rag.asked == []


def test_the_list_shows_runs_that_go_on_and_ended_by_errors(cast: Cast, sits: SignIn, session: BenchSession) -> None:
    page = sits(cast.owner)
    set_run(session, state=RunState.RUNNING, n_due=4)
    text = page.get("/bench").content.decode()
    assert "data-running" in text
    assert "<progress" in text
    set_run(
        session, state=RunState.FAILED, sentence="The service did not accept the token. Set a new one, then resume."
    )
    text = page.get("/bench").content.decode()
    assert "Stopped by errors" in text
    assert "data-running" not in text


def test_what_keeps_itself_fresh_asks_for_its_part_alone_and_takes_no_message(
    cast: Cast, sits: SignIn, session: BenchSession
) -> None:
    page = sits(cast.owner)
    set_run(session, state=RunState.RUNNING)
    press(page, session, "resume")  # refused, which the next page says
    for address in (reverse("bench-run", args=[session.id]), "/bench"):
        part = page.get(address, {"part": "1"}).content.decode()
        assert "data-running" in part
        assert "<html" not in part
        assert "Stop it first" not in part
    assert b"Stop it first" in page.get("/bench").content
