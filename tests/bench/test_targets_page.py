"""Where the environments of a team are: admins say it, headers go in and never come out."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from benchsessions.models import Target
from benchsessions.targets import headers_of, target_of
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.factories import AgentFactory
from tests.isolation.conftest import SignIn, sits

__all__ = ["sits"]
pytestmark = pytest.mark.django_db
SECRET = "kV9-value-of-a-header"
FILLED = {
    "agent": "",
    "backend_url": "https://rag.example/ask",
    "bench_url": "",
    "max_concurrent": "4",
    "answer_seconds": "120",
    "list_seconds": "1800",
}
WITH_HEADER = {**FILLED, "name_0": "X-Api-Key", "value_0": SECRET, "name_1": "X-Platform", "value_1": "{platformId}"}


@pytest.fixture
def admin(cast: Cast, sits: SignIn) -> Any:
    return sits(cast.admin)


def kept(cast: Cast) -> Target | None:
    with tenant_scope(cast.team.id):
        return target_of("psi")


def headers(cast: Cast) -> dict[str, str]:
    with tenant_scope(cast.team.id):
        return headers_of(Target.objects.get(environment="psi"))


def test_an_admin_says_where_an_environment_is(cast: Cast, admin: Any) -> None:
    answer = admin.post("/bench/targets/psi", {**WITH_HEADER, "bench_url": "https://RAG.example:443/list"})
    assert (answer.status_code, answer["Location"]) == (303, "/bench/targets")
    target = kept(cast)
    assert target is not None
    assert (target.backend_url, target.bench_url) == ("https://rag.example/ask", "https://rag.example/list")
    assert target.modes == ["bench", "backend"]
    assert headers(cast) == {"X-Api-Key": SECRET, "X-Platform": "{platformId}"}
    for path in ("/bench/targets", "/bench/targets/psi"):
        page = admin.get(path).content.decode()
        assert "X-Api-Key" in page
        assert SECRET not in page


def test_an_agent_of_the_team_stands_behind_an_environment(cast: Cast, admin: Any) -> None:
    agent, theirs = AgentFactory(team=cast.team), AgentFactory(team=cast.other_team)
    answer = admin.post("/bench/targets/psi", {**FILLED, "backend_url": "", "agent": str(theirs.id)})
    assert answer.status_code == 200
    assert kept(cast) is None
    admin.post("/bench/targets/psi", {**FILLED, "backend_url": "", "agent": str(agent.id)})
    target = kept(cast)
    assert target is not None
    assert (target.agent, target.modes) == (agent, ["backend"])


def test_a_value_left_out_stays_and_a_box_removes_the_header(cast: Cast, admin: Any) -> None:
    admin.post("/bench/targets/psi", WITH_HEADER)
    admin.post("/bench/targets/psi", {**FILLED, "value:X-Platform": "web"})
    assert headers(cast) == {"X-Api-Key": SECRET, "X-Platform": "web"}
    admin.post("/bench/targets/psi", {**FILLED, "remove:X-Api-Key": "on"})
    assert headers(cast) == {"X-Platform": "web"}


def test_the_log_names_what_was_changed_and_no_value(cast: Cast, admin: Any) -> None:
    admin.post("/bench/targets/psi", WITH_HEADER)
    admin.post("/bench/targets/psi", {**FILLED, "answer_seconds": "60"})
    admin.post("/bench/targets/psi", {**FILLED, "answer_seconds": "60"})
    admin.post("/bench/targets/psi", {"remove": "1"})
    with tenant_scope(cast.team.id):
        entries = AuditEntry.objects.filter(action="bench.target_changed").order_by("at")
        assert [entry.details for entry in entries] == [
            {"fields": ["backend_url", "headers"]},
            {"fields": ["answer_seconds"]},
            {"fields": ["removed"]},
        ]
    assert kept(cast) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer x"),
        ("host", "inner.example"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Cookie", "session=1"),
        ("Proxy-Authorization", "Basic x"),
        ("X Key", "x"),
        ("X-Key:", "x"),
        ("X-Ключ", "x"),
        ("X-Key", ""),
        ("X-Key", "значение"),
        ("X-Key", "a\tb"),
        ("X-Key", "{bearerToken}"),
        ("X-Key", "{platformld}"),
        ("X-Key", "x" * 2001),
        ("X-Key", "a\x00b"),
    ],
)
def test_a_header_that_must_not_or_cannot_be_sent_is_refused(cast: Cast, admin: Any, name: str, value: str) -> None:
    answer = admin.post("/bench/targets/psi", {**FILLED, "name_0": name, "value_0": value})
    assert answer.status_code in {200, 400, 422}
    assert 'class="errorlist' in answer.content.decode()
    assert kept(cast) is None


def test_a_header_stands_once_however_it_is_written(cast: Cast, admin: Any) -> None:
    admin.post("/bench/targets/psi", WITH_HEADER)
    for name in ("X-Api-Key", "x-api-key"):
        answer = admin.post("/bench/targets/psi", {**FILLED, "name_0": name, "value_0": "other"})
        assert "here" in answer.content.decode()
    assert headers(cast)["X-Api-Key"] == SECRET


@pytest.mark.parametrize(
    "wrong",
    [
        {"backend_url": "ftp://rag.example"},
        {"backend_url": "https://user:pass@rag.example/ask"},
        {"backend_url": "https://"},
        {"backend_url": ""},
        {"max_concurrent": "0"},
        {"max_concurrent": "99999999999999999999"},
        {"answer_seconds": "-1"},
        {"list_seconds": "много"},
        {"agent": "not-an-id"},
        {"agent": "\x00"},
    ],
    ids=str,
)
def test_what_could_not_be_called_is_refused_at_its_field(cast: Cast, admin: Any, wrong: dict[str, str]) -> None:
    answer = admin.post("/bench/targets/psi", {**FILLED, **wrong})
    assert answer.status_code in {200, 400, 422}
    assert 'class="errorlist' in answer.content.decode()
    assert kept(cast) is None


def test_an_agent_and_an_address_exclude_each_other(cast: Cast, admin: Any) -> None:
    agent = AgentFactory(team=cast.team)
    answer = admin.post("/bench/targets/psi", {**FILLED, "agent": str(agent.id)})
    assert "not both" in answer.content.decode()
    assert kept(cast) is None


def test_members_learn_only_which_modes_there_are(cast: Cast, admin: Any, sits: SignIn) -> None:
    admin.post("/bench/targets/psi", WITH_HEADER)
    member = sits(cast.owner)
    page = member.get("/bench/settings").content.decode()
    assert "Backend" in page
    assert not [secret for secret in ("rag.example", "X-Api-Key", SECRET) if secret in page]
    assert member.post("/bench/targets/psi", {"remove": "1"}).status_code == 403
    assert kept(cast) is not None


def test_another_teams_environments_are_their_own(cast: Cast, admin: Any, sits: SignIn) -> None:
    admin.post("/bench/targets/psi", WITH_HEADER)
    theirs = sits(cast.other_admin)
    assert "rag.example" not in theirs.get("/bench/targets").content.decode()
    assert "X-Api-Key" not in theirs.get("/bench/targets/psi").content.decode()
    theirs.post("/bench/targets/psi", {"remove": "1"})
    assert kept(cast) is not None


def test_the_list_costs_the_same_with_one_environment_and_with_three(cast: Cast, admin: Any) -> None:
    counts = []
    for environment in ("psi", "ift", "prod"):
        admin.post(f"/bench/targets/{environment}", WITH_HEADER, follow=True)
        with CaptureQueriesContext(connection) as queries:
            assert admin.get("/bench/targets").status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1
