"""The administration's page of usage and its export: whose numbers whom they show, with others' there to leak."""

import csv
import re
from datetime import timedelta
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.admin.conftest import SignIn
from tests.agents.ledger import booked, this_morning
from tests.conftest import Cast
from tests.factories import AgentFactory

PAGE, EXPORT = "/admin/usage/", "/admin/usage.csv"
OURS = {"owner@ours.org", "teammate@ours.org", "Помощник", "=cmd|calc", "AGENT_TIMEOUT", "123,456"}
THEIRS = {"outsider@theirs.org", "Theirs only", "THEIR_CODE", "654,321"}


@pytest.fixture
def ledger(cast: Cast) -> None:
    """Three runs of ours, two of theirs."""
    cast.team.name, cast.other_team.name = "Our <team>", "Their team"
    cast.team.save()
    cast.other_team.save()
    helper, calc = (AgentFactory(team=cast.team, name=name) for name in ("Помощник", "=cmd|calc"))
    theirs = AgentFactory(team=cast.other_team, name="Theirs only")
    today, yesterday = this_morning(), this_morning() - timedelta(days=1)
    booked(cast.owner, helper, today, wait_ms=400, chars_out=123_456)
    booked(cast.owner, calc, today, wait_ms=1200)
    booked(cast.teammate, helper, yesterday, status="failed", error_code="AGENT_TIMEOUT")
    booked(cast.outsider, theirs, today, wait_ms=77_000, chars_out=654_321)
    booked(cast.outsider, theirs, yesterday, status="failed", error_code="THEIR_CODE")


def seen(client: Client, path: str = PAGE, **asked: Any) -> Any:
    answer = client.get(path, asked)
    assert answer.status_code == 200
    return answer


def marks(answer: Any) -> set[str]:
    page = answer.content.decode()
    return {mark for mark in OURS | THEIRS if mark in page}


def test_a_team_admin_sees_the_own_team_and_has_no_notion_of_others(cast: Cast, sits: SignIn, ledger: None) -> None:
    answer = seen(sits(cast.admin))
    assert marks(answer) == OURS
    page = answer.content.decode()
    assert [word for word in ("Their team", 'name="team"') if word in page] == []
    assert answer.context["report"].total.runs == 3


def test_an_operator_sees_all_teams_and_whose_is_what(cast: Cast, sits: SignIn, ledger: None) -> None:
    answer = seen(sits(cast.operator))
    assert marks(answer) == OURS | THEIRS
    assert answer.context["report"].total.runs == 5
    assert "<td>Our &lt;team&gt;</td>" in answer.content.decode()


@pytest.mark.parametrize(("team", "expected", "runs"), [("ours", OURS, 3), ("theirs", THEIRS, 2)])
def test_an_operator_chooses_a_team(
    cast: Cast, sits: SignIn, ledger: None, team: str, expected: set[str], runs: int
) -> None:
    answer = seen(sits(cast.operator), team=team)
    assert marks(answer) == expected
    assert answer.context["report"].total.runs == runs
    assert f'<option value="{team}" selected>' in answer.content.decode()
    assert f'href="?days=7&amp;team={team}"' in answer.content.decode()


@pytest.mark.parametrize("path", [PAGE, EXPORT])
def test_a_foreign_team_is_refused_as_one_that_does_not_exist(
    cast: Cast, sits: SignIn, ledger: None, path: str
) -> None:
    told = [sits(cast.admin).get(path, {"team": team}) for team in ("theirs", "absent")]
    assert [answer.status_code for answer in told] == [400, 400]
    texts = [re.sub(r'csrf\w*" value="\w+"|theirs|absent', "", answer.content.decode()) for answer in told]
    assert texts[0] == texts[1]
    assert sits(cast.operator).get(path, {"team": "absent"}).status_code == 400


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_a_senseless_question_is_no_fault_of_ours(cast: Cast, sits: SignIn, who: str) -> None:
    client = sits(getattr(cast, who))
    asked = ["days=8", "days=x", "days=-30", "team=%00", "team=%ed%a0%80", "days=" + "9" * 300]
    answers = {f"{path}?{query}": client.get(f"{path}?{query}") for path in (PAGE, EXPORT) for query in asked}
    assert {address: answer.status_code for address, answer in answers.items()} == dict.fromkeys(answers, 400)


@pytest.mark.parametrize("path", [PAGE, EXPORT])
def test_members_and_strangers_are_kept_out(cast: Cast, sits: SignIn, client_of: Any, ledger: None, path: str) -> None:
    for member in (cast.owner, cast.outsider):
        answer = sits(member).get(path)
        assert (answer.status_code, marks(answer)) == (403, set())
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={path}")


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_the_administrations_front_page_leads_there(cast: Cast, sits: SignIn, who: str) -> None:
    assert f'href="{PAGE}"' in sits(getattr(cast, who)).get("/admin/").content.decode()


def test_the_waits_are_those_of_the_own_team(cast: Cast, sits: SignIn, ledger: None) -> None:
    assert (
        "Half of the runs had text within 0.40 s, 95 of 100 within 1.20 s." in seen(sits(cast.admin)).content.decode()
    )


def test_the_drawings_are_sound_and_named_and_need_no_style(cast: Cast, sits: SignIn, ledger: None) -> None:
    page = seen(sits(cast.admin)).content.decode()
    main = page[page.index('<div id="content-main"') :]
    assert "style=" not in main
    drawings = [ET.fromstring(svg) for svg in re.findall(r"<svg (?!xmlns).*?</svg>", main, re.DOTALL)]
    named = {svg.find("title").text: svg for svg in drawings if svg.get("role") == "img"}  # type: ignore[union-attr]
    assert list(named) == ["Runs per day", "Seconds to the first text"]
    dots = [dot.get("class") for dot in named["Seconds to the first text"].iter("circle")]
    assert dots == ["chart-dot kind-p50", "chart-dot kind-p95"]
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len({*ids})


def test_a_team_without_runs_is_told_so(cast: Cast, sits: SignIn) -> None:
    assert "No agent was asked in these 30 days." in seen(sits(cast.admin)).content.decode()


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
class TestExport:
    """The stream reads in threads of its own, so the ledger is really written."""

    def test_a_team_admin_takes_the_own_teams_rows(self, cast: Cast, sits: SignIn, ledger: None) -> None:
        answer = seen(sits(cast.admin), EXPORT, days=7)
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"] == f'attachment; filename="usage-{this_morning().date()}.csv"'
        rows = rows_of(answer)
        today, yesterday = str(this_morning().date()), str(this_morning().date() - timedelta(days=1))
        assert [(row["day"], row["team"], row["agent"], row["person"], row["runs"]) for row in rows] == [
            (yesterday, "ours", "Помощник", "teammate@ours.org", "1"),
            (today, "ours", "'=cmd|calc", "owner@ours.org", "1"),
            (today, "ours", "Помощник", "owner@ours.org", "1"),
        ]
        assert (rows[0]["failed"], rows[2]["complete"], rows[2]["chars_out"]) == ("1", "1", "123456")

    @pytest.mark.parametrize(("team", "count"), [("", 5), ("theirs", 2)])
    def test_an_operator_takes_all_or_the_chosen_teams_rows(
        self, cast: Cast, sits: SignIn, ledger: None, team: str, count: int
    ) -> None:
        rows = rows_of(seen(sits(cast.operator), EXPORT, team=team))
        assert len(rows) == count
        assert {row["team"] for row in rows} == ({"theirs"} if team else {"ours", "theirs"})

    @pytest.mark.parametrize(
        ("who", "team", "logs"),
        [("admin", "", ["ours"]), ("operator", "theirs", ["theirs"]), ("operator", "", ["ours", "theirs"])],
    )
    def test_it_is_recorded_in_the_log_of_each_team_it_is_about(
        self, cast: Cast, sits: SignIn, ledger: None, who: str, team: str, logs: list[str]
    ) -> None:
        rows_of(seen(sits(getattr(cast, who)), EXPORT, days=90, team=team))
        with unsafe_all_tenants(reason="look"):
            entries = AuditEntry.objects.filter(action="export.made").order_by("team__slug").select_related("team")
            told = [(entry.team.slug, entry.details) for entry in entries]
        assert told == [(log, {"what": "usage", "days": 90}) for log in logs]


def test_many_rows_cost_as_many_queries_as_few(cast: Cast, sits: SignIn, ledger: None) -> None:
    for who in (cast.admin, cast.operator):
        client = sits(who)
        seen(client)
        with CaptureQueriesContext(connection) as few:
            seen(client)
        with tenant_scope(cast.team.id):
            for n in range(4):
                agent = AgentFactory(team=cast.team)
                booked(cast.owner, agent, this_morning() - timedelta(days=n), wait_ms=n, error_code=f"{who.role}{n}")
        with CaptureQueriesContext(connection) as many:
            seen(client)
        assert len(many) == len(few)
