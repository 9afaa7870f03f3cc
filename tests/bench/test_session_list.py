"""The list of sessions: what it says, finds, pages through and costs; renaming, deleting and restoring."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from benchsessions.annotating import save_annotation
from benchsessions.comparing import FEWEST, MOST
from benchsessions.flagging import raise_flag
from benchsessions.models import BenchRun, BenchSession, QuestionSet, QuestionSetVersion, RunState, SecondOpinion
from benchsessions.queries import analyst_of
from benchsessions.sessions import Asked
from tenants.scope import tenant_scope
from tests.bench.conftest import SignIn
from tests.conftest import Cast
from tests.factories import AnalystFactory, BenchSessionFactory

LIST = "/bench"


@pytest.fixture
def analyst(cast: Cast) -> Any:
    with tenant_scope(cast.team.id):
        return analyst_of(cast.owner)


@pytest.fixture
def page(cast: Cast, sits: SignIn) -> Any:
    return sits(cast.owner)


def a_session(owner: Any, **fields: Any) -> BenchSession:
    changed = {name: fields.pop(name) for name in list(fields) if hasattr(BenchSession, name) and name not in MADE_WITH}
    session = BenchSessionFactory(owner=owner, **fields)
    with tenant_scope(owner.team_id):
        if changed:
            BenchSession.objects.filter(id=session.id).update(**changed)
        session.refresh_from_db()
    return session


MADE_WITH = {"environment", "api_mode", "title", "questions", "response", "annotations", "question_set_version"}


def titles(response: Any) -> list[str]:
    return [row.session.title for row in response.context["rows"]]


def test_the_list_tells_accuracy_only_of_what_was_rated(page: Any, analyst: Any) -> None:
    a_session(analyst, title="Ночной прогон", n_questions=1000, n_rated=412, n_correct=300, n_partly=100)
    text = " ".join(page.get(LIST).content.decode().split())
    assert "Ночной прогон" in text
    assert "72.8 %" in text
    assert "85.0 % with partly as half" in text
    assert "412 of 1000 rated" in text


def test_nothing_rated_is_no_accuracy(page: Any, analyst: Any) -> None:
    a_session(analyst, title="Сырая", annotations={})
    text = " ".join(page.get(LIST).content.decode().split())
    assert "0 of 2 rated" in text
    assert "as half" not in text


def test_who_is_to_judge_blindly_sees_no_accuracy_and_that_they_are_asked(cast: Cast, page: Any, analyst: Any) -> None:
    session = a_session(AnalystFactory(team=cast.team), title="Слепая")
    with tenant_scope(cast.team.id):
        SecondOpinion.objects.create(session=session, reviewer=analyst)
        raise_flag(session_id=session.id, index=0, author=session.owner, comment="")
    text = " ".join(page.get(LIST).content.decode().split())
    assert "Your opinion is asked in 1 session:" in text
    assert "0 of 2 rated" in text  # of what is theirs
    assert "Not shown to you" in text
    for word in ("100 %", "1 of 2 rated", "to discuss"):
        assert word not in text


def test_who_judged_blindly_what_was_theirs_learns_nothing_of_the_rest(cast: Cast, page: Any, analyst: Any) -> None:
    session, colleague = a_session(analyst, title="Слепая", annotations={}), AnalystFactory(team=cast.team)
    with tenant_scope(cast.team.id):
        SecondOpinion.objects.create(session=session, reviewer=analyst, every=2)
        for author, index in ((analyst, 0), (colleague, 1)):
            said = {"overall": {"rating": "correct"}}
            save_annotation(session_id=session.id, index=index, author=author, data=said, version=None)
    text = " ".join(page.get(LIST).content.decode().split())
    assert "Your opinion is asked" not in text
    assert "Not shown to you" in text
    for word in ("100 %", "1 of 2 rated"):
        assert word not in text
    for place in (f"/bench/compare?choose=1&s={session.id}", "/bench/compare?choose=1"):
        assert "of 2 rated" not in page.get(place).content.decode()
    warning = page.get(reverse("bench-delete", args=[session.id])).content.decode()
    assert "Type its name" in warning
    assert "verdict" not in warning


def test_as_many_can_be_marked_as_are_compared(cast: Cast, page: Any) -> None:
    a_session(AnalystFactory(team=cast.team))
    html = page.get(LIST).content.decode()
    assert (f'data-least="{FEWEST}"' in html, f'data-most="{MOST}"' in html) == (True, True)
    assert f"Mark several, at most {MOST}." in html
    assert f"Choose several sessions, at most {MOST}." in page.get("/bench/compare").content.decode()


def test_sessions_of_colleagues_are_there_and_those_of_other_teams_are_not(cast: Cast, page: Any) -> None:
    a_session(AnalystFactory(team=cast.team), title="Коллеги")
    a_session(AnalystFactory(team=cast.other_team), title="Чужая")
    assert titles(page.get(LIST)) == ["Коллеги"]


def test_filters_find_by_environment_mode_set_person_and_title(cast: Cast, page: Any, analyst: Any) -> None:
    other = AnalystFactory(team=cast.team, login="87654321")
    with tenant_scope(cast.team.id):
        questions = QuestionSet.objects.create(name="Карты")
        version = QuestionSetVersion.objects.create(question_set=questions, number=1)
    a_session(analyst, title="Утро", environment="ift", api_mode="bench")
    a_session(other, title="Вечер", environment="prod", question_set_version=version)
    for query in ("environment=prod", f"set={questions.id}", f"owner={other.id}", "q=вече", "q=8765", "mode=backend"):
        assert titles(page.get(f"{LIST}?{query}")) == ["Вечер"], query
    assert titles(page.get(f"{LIST}?environment=psi")) == []
    assert titles(page.get(f"{LIST}?q=owner@ours")) == ["Утро"]


@pytest.mark.parametrize("query", ["environment=moon", "mode=1", "owner=x", "set=\0", "q=%00", "owner=" + "1" * 40])
def test_a_filter_that_there_is_not_is_refused(page: Any, analyst: Any, query: str) -> None:
    assert page.get(f"{LIST}?{query}").status_code == 400


def test_a_person_of_another_team_is_refused_like_nobody(cast: Cast, page: Any) -> None:
    stranger = AnalystFactory(team=cast.other_team)
    a_session(stranger)
    assert page.get(f"{LIST}?owner={stranger.id}").status_code == 400


@pytest.mark.parametrize("cursor", ["", "x", "-", "ffffffffffffff-" + "f" * 32, "0-0", "1\0"])
def test_any_cursor_is_read(page: Any, analyst: Any, cursor: str) -> None:
    a_session(analyst)
    assert page.get(LIST, {"after": cursor}).status_code == 200


def test_pages_show_each_session_once_also_when_one_is_made_meanwhile(
    page: Any, analyst: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchsessions.listing.PER_PAGE", 3)
    same_time = timezone.now() - timedelta(hours=1)
    made = [a_session(analyst, title=str(n), created_at=same_time) for n in range(7)]
    first = page.get(LIST)
    a_session(analyst, title="new")
    seen, after = titles(first), first.context["after"]
    while after:
        response = page.get(LIST, {"after": str(after)})
        seen, after = seen + titles(response), response.context["after"]
    expected = sorted(made, key=lambda session: session.id, reverse=True)
    assert seen == [session.title for session in expected]


def _queries(page: Any, address: str = LIST) -> CaptureQueriesContext:
    with CaptureQueriesContext(connection) as asked:
        assert page.get(address).status_code == 200
    return asked


def test_the_list_asks_the_same_for_five_sessions_as_for_thirty_and_reads_no_item(
    cast: Cast, page: Any, analyst: Any
) -> None:
    def add(count: int, questions: int) -> None:
        for number in range(count):
            asked = [Asked({"body": f"Вопрос {n}"}) for n in range(questions)]
            session = a_session(
                AnalystFactory(team=cast.team), questions=asked, response=None, annotations={}, title=f"{number}"
            )
            with tenant_scope(cast.team.id):
                BenchRun.objects.create(session=session, state=RunState.RUNNING, lease_until=timezone.now())

    add(5, 1)
    _queries(page)  # what is asked once a process
    few = _queries(page)
    add(24, 1)
    add(1, 1000)
    many = _queries(page)
    assert len(many) == len(few) <= 14
    of_items = [query["sql"] for query in many if '"benchsessions_item"' in query["sql"]]
    assert [sql for sql in of_items if '"benchsessions_secondopinion"' not in sql] == []  # which is of the reader's own


def test_without_sessions_the_list_leads_to_the_first_steps(page: Any) -> None:
    text = page.get(LIST).content.decode()
    assert reverse("bench-new") in text
    assert "An admin of your team has to say where the environments are." in text


def test_a_title_is_escaped(page: Any, analyst: Any) -> None:
    a_session(analyst, title="<script>alert(1)</script>")
    assert b"<script>alert" not in page.get(LIST).content


def test_its_person_and_admins_rename_a_session_and_nobody_else(cast: Cast, sits: SignIn, analyst: Any) -> None:
    session = a_session(analyst, title="Было")
    address, before = reverse("bench-rename", args=[session.id]), session.version
    assert sits(cast.teammate).post(address, {"title": "Чужое"}).status_code == 403
    for person, title in ((cast.owner, "Стало"), (cast.admin, "Стало лучше")):
        assert sits(person).post(address, {"title": title}).status_code == 303
        with tenant_scope(cast.team.id):
            session.refresh_from_db()
        assert session.title == title
    assert session.version == before + 2
    assert sits(cast.owner).post(address, {"title": "a\0b"}).status_code == 200


def test_a_judged_session_is_deleted_for_its_name_alone(cast: Cast, page: Any, analyst: Any) -> None:
    session = a_session(analyst, title="Итог  недели")
    address = reverse("bench-delete", args=[session.id])
    assert b"Type its name" in page.get(address).content
    for name in ("", "Итог", "итог недели"):
        assert b"This is not its name." in page.post(address, {"name": name}).content
    assert page.post(address, {"name": " Итог недели "}).status_code == 303
    assert titles(page.get(LIST)) == []
    assert titles(page.get(f"{LIST}?deleted=1")) == ["Итог  недели"]
    with tenant_scope(cast.team.id):
        entry = AuditEntry.objects.get(action="bench.session_deleted")
    assert (entry.object_id, entry.actor_id) == (str(session.id), cast.owner.id)


def test_a_session_that_nobody_judged_is_deleted_at_a_press(page: Any, analyst: Any) -> None:
    session = a_session(analyst, annotations={})
    assert page.post(reverse("bench-delete", args=[session.id])).status_code == 303
    assert titles(page.get(LIST)) == []


def test_a_running_session_is_not_deleted(cast: Cast, page: Any, analyst: Any) -> None:
    session = a_session(analyst, title="Идёт", annotations={})
    with tenant_scope(cast.team.id):
        BenchRun.objects.create(session=session, state=RunState.RUNNING)
    answer = page.post(reverse("bench-delete", args=[session.id]), follow=True)
    assert b"Stop it first" in answer.content
    assert titles(answer) == ["Идёт"]


def test_a_deleted_session_comes_back_whole_until_its_time_is_over(
    cast: Cast, sits: SignIn, analyst: Any, settings: Any
) -> None:
    session = a_session(analyst, title="Вернись", annotations={})
    page, address = sits(cast.owner), reverse("bench-restore", args=[session.id])
    page.post(reverse("bench-delete", args=[session.id]))
    assert sits(cast.teammate).post(address).status_code == 403
    assert sits(cast.outsider).post(address).status_code == 404
    with tenant_scope(cast.team.id):
        over = timezone.now() - timedelta(days=settings.BENCH_KEEP_DELETED_DAYS)
        BenchSession.objects.filter(id=session.id).update(deleted_at=over)
    assert page.post(address).status_code == 404
    assert titles(page.get(f"{LIST}?deleted=1")) == []
    with tenant_scope(cast.team.id):
        BenchSession.objects.filter(id=session.id).update(deleted_at=over + timedelta(hours=1))
    assert page.post(address).status_code == 303
    assert titles(page.get(LIST)) == ["Вернись"]
    assert page.post(address).status_code == 404
    with tenant_scope(cast.team.id):
        assert AuditEntry.objects.filter(action="bench.session_restored").count() == 1


def test_a_deleted_session_can_neither_be_renamed_nor_deleted_again(page: Any, analyst: Any) -> None:
    session = a_session(analyst, annotations={})
    page.post(reverse("bench-delete", args=[session.id]))
    for name in ("bench-rename", "bench-delete", "bench-run"):
        assert page.get(reverse(name, args=[session.id])).status_code == 404, name
