"""The numbers of the ledger, on a ledger small enough to count by hand, with another team's runs there to leak."""

import random
from datetime import UTC, date, datetime, timedelta
from math import ceil

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, Run
from agents.usage import reports
from agents.usage.reports import Part, Period, Sums, Wait
from tenants.exceptions import NoTeamInScope
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.agents.ledger import booked, this_morning
from tests.factories import AgentFactory

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def march(day, hour=12, minute=0, second=0, microsecond=0):
    return datetime(2026, 3, day, hour, minute, second, microsecond, tzinfo=UTC)


@pytest.fixture
def agents(cast):
    return {
        "ours": AgentFactory(team=cast.team, name="Ours"),
        "second": AgentFactory(team=cast.team, name="Second"),
        "theirs": AgentFactory(team=cast.other_team, name="Theirs"),
    }


@pytest.fixture
def ledger(cast, agents):
    """Six runs of ours on two days, three of theirs on one of the two."""
    owner, mate, ours, second = cast.owner, cast.teammate, agents["ours"], agents["second"]
    sized = {"chars_in": 10, "chars_out": 100, "prompt_tokens": 3, "completion_tokens": 7}
    booked(owner, ours, march(10), wait_ms=500, **sized)
    booked(owner, ours, march(10), wait_ms=1500, **sized)
    booked(owner, second, march(10), status="failed", error_code="AGENT_TIMEOUT", chars_in=5)
    booked(mate, ours, march(10), status="failed", error_code="AGENT_TIMEOUT", chars_in=5)
    booked(mate, ours, march(12), wait_ms=250, status="stopped", chars_in=1, chars_out=2)
    booked(mate, ours, march(12), status="interrupted", error_code="RUN_INTERRUPTED")
    for purpose_only in ({}, {"status": "failed", "error_code": "AGENT_TESTED"}):  # tests are nobody's usage
        booked(owner, ours, march(10), wait_ms=8000, purpose="test", **sized, **purpose_only)
    for _ in range(3):
        booked(cast.outsider, agents["theirs"], march(10), wait_ms=9000, status="failed", error_code="BAD", chars_in=99)


def test_a_team_sees_its_own_numbers_and_nothing_of_others(cast, ledger):
    with tenant_scope(cast.team.id):
        report = reports.of_team(MARCH)
    assert report.total == Sums(
        complete=2, stopped=1, interrupted=1, failed=2,
        characters_in=31, characters_out=202, tokens_in=6, tokens_out=14,
    )  # fmt: skip
    assert (report.total.runs, report.total.troubled) == (6, 3)
    assert [(part.name, part.sums.runs) for part in report.agents] == [("Ours", 5), ("Second", 1)]
    assert [(part.name, part.sums.runs) for part in report.people] == [("owner@ours.org", 3), ("teammate@ours.org", 3)]
    assert [(part.name, part.sums.runs) for part in report.errors] == [("AGENT_TIMEOUT", 2), ("RUN_INTERRUPTED", 1)]
    assert waits(report.wait, 0.5, 1.5)


def waits(wait, p50, p95):
    return (wait.p50, wait.p95) == (pytest.approx(p50, abs=1e-3), pytest.approx(p95, abs=1e-3))


def test_every_day_is_there_also_those_without_a_run(cast, ledger):
    with tenant_scope(cast.team.id):
        days = reports.of_team(MARCH).days
    assert [day.day for day in days] == [date(2026, 3, n) for n in range(1, 32)]
    assert {day.day.day: day.sums.runs for day in days if day.sums.runs} == {10: 4, 12: 2}
    assert waits(days[9].wait, 0.5, 1.5)
    assert waits(days[11].wait, 0.25, 0.25)
    assert days[0] == reports.DayUsage(date(2026, 3, 1), Sums(), Wait())


def test_an_operator_sees_all_teams_and_whose_each_part_is(cast, ledger):
    with unsafe_all_tenants(reason="test"):
        report = reports.of_team(MARCH)
    assert report.total.runs == 9
    assert [(part.name, part.team) for part in report.agents] == [
        ("Ours", cast.team.name), ("Theirs", cast.other_team.name), ("Second", cast.team.name),
    ]  # fmt: skip
    assert (report.errors[0].name, report.errors[0].sums.runs) == ("BAD", 3)


def test_without_a_scope_nothing_is_counted(ledger):
    with pytest.raises(NoTeamInScope):
        reports.of_team(MARCH)


def test_a_person_sees_their_own_runs_only(cast, ledger):
    with tenant_scope(cast.team.id):
        report = reports.of_person(cast.owner, MARCH)
    assert report.total == Sums(complete=2, failed=1, characters_in=25, characters_out=200, tokens_in=6, tokens_out=14)
    assert [(part.name, part.sums.runs) for part in report.agents] == [("Ours", 2), ("Second", 1)]
    assert (report.people, report.errors) == ((), ())


def test_a_day_begins_and_ends_at_midnight_in_utc(cast, agents):
    last_moment, first_moment = march(5, 23, 59, 59, 999_999), march(6, 0)
    for moment in (last_moment, first_moment, march(28, 23, 30), march(29, 0, 30), march(29, 1, 30), march(29, 2, 30)):
        booked(cast.owner, agents["ours"], moment)
    with tenant_scope(cast.team.id):
        counted = {day.day.day: day.sums.runs for day in reports.of_team(MARCH).days if day.sums.runs}
        only_fifth = reports.of_team(Period(date(2026, 3, 5), date(2026, 3, 5)))
        assert [run.started_at for run in Period(date(2026, 3, 6), date(2026, 3, 6)).runs()] == [first_moment]
    assert counted == {5: 1, 6: 1, 28: 1, 29: 3}  # on the 29th clocks in Europe go forward
    assert only_fifth.total.runs == 1


def test_the_latest_days_end_today():
    period = Period.latest(7)
    assert (len(period.days), period.days[-1]) == (7, this_morning().date())
    assert period.days[0] == this_morning().date() - timedelta(days=6)


@pytest.mark.parametrize("count", [1, 2, 3, 19, 20, 21, 100])
def test_percentiles_are_the_exact_ones(cast, agents, count):
    """By the nearest rank: the smallest wait that at least p of 100 runs did not exceed."""
    chosen = random.Random(count)
    milliseconds = [chosen.choice([chosen.randrange(1, 90_000), 700]) for _ in range(count)]
    start = march(9)
    with tenant_scope(cast.team.id):
        fields = {"agent": agents["ours"], "agent_name": "Ours", "user": cast.owner, "lease_until": start}
        Run.objects.bulk_create(
            Run(started_at=start, first_text_at=start + timedelta(milliseconds=ms), purpose="chat", **fields)
            for ms in milliseconds
        )
        report = reports.of_team(MARCH)
    ranked = sorted(milliseconds)
    exact = [ranked[ceil(count * p / 100) - 1] / 1000 for p in (50, 95)]
    assert waits(report.wait, *exact)
    assert waits(report.days[8].wait, *exact)


def test_a_removed_agent_keeps_its_name_and_a_renamed_one_has_its_new_name(cast, agents, ledger):
    with tenant_scope(cast.team.id):
        Agent.objects.filter(pk=agents["ours"].pk).update(name="Ours anew")
        agents["second"].delete()
        report = reports.of_team(MARCH)
    assert [(part.name, part.sums.runs) for part in report.agents] == [("Ours anew", 5), ("Second", 1)]


def test_runs_of_a_removed_account_are_still_counted(cast, ledger):
    with tenant_scope(cast.team.id):
        cast.owner.delete()
        report = reports.of_team(MARCH)
    assert report.total.runs == 6
    assert Part("", cast.team.name, Sums(complete=2, failed=1, characters_in=25, characters_out=200,
                                         tokens_in=6, tokens_out=14)) in report.people  # fmt: skip


def test_lists_end_with_the_busiest_but_sums_hold_all(cast):
    with tenant_scope(cast.team.id):
        start = march(3)
        names = [f"Agent {n:03}" for n in range(reports.LONGEST_LIST + 5)]
        many = Agent.objects.bulk_create(Agent(name=name, slug=name, kind="demo") for name in names)
        Run.objects.bulk_create(
            Run(agent=agent, agent_name=agent.name, user=cast.owner, started_at=start, lease_until=start)
            for agent in [*many, many[-1]]
        )
        report = reports.of_team(MARCH)
    assert len(report.agents) == reports.LONGEST_LIST
    assert report.agents[0].name == names[-1]
    assert report.total.runs == len(names) + 1


def test_the_month_of_a_person_begins_with_the_calendars(cast, agents):
    first = this_morning().replace(day=1)
    booked(cast.owner, agents["ours"], first, chars_in=1, chars_out=10, prompt_tokens=100, completion_tokens=1000)
    booked(cast.owner, agents["ours"], first, chars_in=1, chars_out=10)
    booked(cast.owner, agents["ours"], first, chars_in=5, chars_out=5, purpose="test")
    booked(cast.owner, agents["ours"], first - timedelta(microseconds=1), chars_in=9, chars_out=9, prompt_tokens=9)
    booked(cast.teammate, agents["ours"], first, chars_in=9, chars_out=9, prompt_tokens=9)
    with tenant_scope(cast.team.id):
        assert reports.of_month(cast.owner) == Sums(
            complete=2, characters_in=2, characters_out=20, tokens_in=100, tokens_out=1000
        )


def test_an_export_has_a_line_for_each_agent_and_person_of_a_day(cast, ledger):
    with tenant_scope(cast.team.id):
        lines = reports.lines_of_day(date(2026, 3, 10))
        assert reports.lines_of_day(date(2026, 3, 11)) == []
    assert [(line.team, line.agent, line.person, line.sums.runs) for line in lines] == [
        ("ours", "Ours", "owner@ours.org", 2),
        ("ours", "Ours", "teammate@ours.org", 1),
        ("ours", "Second", "owner@ours.org", 1),
    ]


def test_many_runs_cost_as_many_queries_as_one(cast, agents):
    def asked():
        with tenant_scope(cast.team.id), CaptureQueriesContext(connection) as queries:
            reports.of_team(MARCH)
            reports.of_person(cast.owner, MARCH)
        return len(queries)

    booked(cast.owner, agents["ours"], march(1), wait_ms=10)
    once = asked()
    for day in range(1, 31):
        booked(cast.teammate, agents["second"], march(day), wait_ms=day, status="failed", error_code=f"E{day}")
    assert asked() == once == 8
