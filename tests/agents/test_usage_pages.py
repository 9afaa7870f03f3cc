"""The pages of one's own usage."""

import csv
import re
from datetime import timedelta
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.exceptions import TierRequired
from accounts.models import AuditEntry, Tier, User
from agents.quota import standing
from tenants.scope import tenant_scope
from tests.agents.ledger import booked, this_morning
from tests.factories import AgentFactory, UserFactory
from tests.isolation.conftest import sits  # noqa: F401 - a fixture


@pytest.fixture
def owner(cast, sits):  # noqa: F811
    """The owner's browser; they have three runs on two days, and others have some too."""
    mine, theirs = AgentFactory(team=cast.team, name="<b>Mine</b>"), AgentFactory(team=cast.other_team, name="Theirs")
    booked(cast.owner, mine, this_morning(), chars_in=1000, chars_out=2000)
    booked(cast.owner, mine, this_morning() - timedelta(days=6), status="failed", chars_in=1)
    booked(cast.owner, mine, this_morning() - timedelta(days=29), chars_in=10)
    booked(cast.teammate, AgentFactory(team=cast.team, name="Mate's"), this_morning(), chars_in=777_777)
    booked(cast.outsider, theirs, this_morning(), chars_in=888_888)
    return sits(cast.owner)


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def test_it_shows_ones_own_numbers_and_nobody_elses(owner):
    answer = owner.get("/usage")
    page = answer.content.decode()
    assert answer.context["report"].total.runs == 3
    assert "&lt;b&gt;Mine&lt;/b&gt;" in page
    assert [word for word in ("<b>Mine", "Mate", "Theirs", "777,777", "888,888") if word in page] == []
    assert "1,011" in page  # characters in


@pytest.mark.parametrize(("days", "runs"), [("7", 2), ("30", 3), ("90", 3), ("", 3)])
def test_the_days_can_be_chosen(owner, days, runs):
    answer = owner.get("/usage", {"days": days})
    assert answer.context["report"].total.runs == runs
    assert re.findall(r'aria-current="true">(\d+) days', answer.content.decode()) == [days or "30"]


@pytest.mark.parametrize("path", ["/usage", "/usage.csv"])
def test_other_days_are_refused(owner, path):
    asked = ["8", "-7", "9" * 400, "x", "7%00", "%ed%a0%80", "%D9%A7"]  # the last is an Arabic seven
    answers = {days: owner.get(f"{path}?days={days}").status_code for days in asked}
    assert answers == dict.fromkeys(asked, 400)


def test_the_drawing_is_sound_and_named_and_needs_no_style(owner):
    page = owner.get("/usage").content.decode()
    assert "style=" not in page
    drawings = [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    named = [svg for svg in drawings if svg.get("role") == "img"]
    assert [svg.find("title").text for svg in named] == ["Runs per day"]
    assert all(svg.get("aria-hidden") == "true" for svg in drawings if svg not in named)
    says = [column.find("title").text for column in named[0].iter("g")]
    assert len(says) == 30
    assert says[-1].endswith(": 1 complete")
    assert says[-7].endswith(": 1 failed")
    bars = [bar for bar in named[0].iter("rect") if bar.get("class").startswith("chart-bar")]
    assert [bar.get("class") for bar in bars] == [
        f"chart-bar kind-{kind}" for kind in ("complete", "failed", "complete")
    ]


def test_the_limits_stand_in_words(cast, owner):
    Tier.objects.create(name="narrow", requests_per_hour=1, runs_per_month=1000)
    with tenant_scope(cast.team.id):
        User.objects.filter(pk=cast.owner.pk).update(tier_id="narrow")
    booked(cast.owner, AgentFactory(team=cast.team), timezone.now())
    with tenant_scope(cast.team.id):
        now = standing(User.objects.get(pk=cast.owner.pk))
    page = text_of(owner.get("/usage"))
    assert re.search(r"Used up: 1 call allowed, \d used", page)
    assert f"The next one is free {now.hour.free_again}." in page, "the chat says another time"
    assert re.search(r"of 1,000 calls used, 99\d left", page)


def test_who_may_call_no_agent_reads_one_sentence_everywhere(cast, sits):  # noqa: F811
    person = sits(UserFactory(team=cast.team, tier_id="none"))
    for path in ("/usage", "/chats", "/chats/new"):
        assert TierRequired.sentence in text_of(person.get(path))
        assert TierRequired.sentence not in text_of(sits(cast.owner).get(path))
    assert "calls used" not in text_of(person.get("/usage"))


def test_without_limits_it_says_so(owner):
    assert text_of(owner.get("/usage")).count("There is no limit.") == 2


def test_who_asked_nothing_is_told_so_and_shown_the_way(cast, owner, sits):  # noqa: F811
    answer = sits(cast.admin).get("/usage")
    assert "You asked no agent in these 30 days" in text_of(answer)
    assert 'href="/chats/new"' in answer.content.decode()
    assert "chart" not in re.sub(r"charts\.css", "", answer.content.decode())


def test_the_download_has_a_row_for_every_day_and_is_recorded(cast, owner):
    answer = owner.get("/usage.csv?days=7")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="my-usage-{this_morning().date()}.csv"'
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["day"] for row in rows] == [str((this_morning() - timedelta(days=n)).date()) for n in range(6, -1, -1)]
    assert [row["runs"] for row in rows] == ["1", "0", "0", "0", "0", "0", "1"]
    assert (rows[-1]["complete"], rows[-1]["chars_in"], rows[-1]["chars_out"]) == ("1", "1000", "2000")
    assert rows[0]["failed"] == "1"
    with tenant_scope(cast.team.id):
        entry = AuditEntry.objects.get(action="export.made")
    assert (entry.actor_name, entry.details) == ("owner@ours.org", {"what": "own usage", "days": 7})


def test_a_page_leads_there_and_a_stranger_is_asked_to_sign_in(owner):
    assert 'href="/usage"' in owner.get("/chats").content.decode()
    for path in ("/usage", "/usage.csv"):
        assert Client().get(path).status_code == 302


def test_many_runs_cost_as_many_queries_as_one(cast, owner):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            owner.get("/usage")
        return len(queries)

    asked()
    once = asked()
    for n in range(5):
        booked(cast.owner, AgentFactory(team=cast.team), this_morning() - timedelta(days=n))
    assert asked() == once
