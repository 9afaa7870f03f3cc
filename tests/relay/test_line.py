"""Who of those waiting comes next, how far back everybody stands, and that no two processes give one place away."""

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from agents.models import AgentMember, Run, RunPurpose
from agents.relay import ledger
from agents.relay.line import Live, decide, look
from tenants.models import Team
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.factories import AgentFactory

START = timezone.now()
ANN, BOB, CID = (UUID(int=number) for number in (1, 2, 3))
ONE, TWO = (UUID(int=number) for number in (11, 12))


class Scene:
    """Runs in the order they came; `name` of each stands for its id."""

    def __init__(self) -> None:
        self.live: list[Live] = []

    def add(self, name, user, agent=ONE, *, room=2, inside=False, status="running", **fields):
        moment = START + timedelta(seconds=len(self.live))
        values = {"may_call": True, "paused_until": None, **fields}
        self.live.append(Live(name, agent, user, moment, moment if inside else None, status, room, **values))
        return self

    def decide(self, team_room=None, trials=()):
        return decide(self.live, team_room, trials)


def in_order(found):
    return [name for name, _ in sorted(found.places.items(), key=lambda place: place[1])]


def test_the_first_come_in_and_the_others_are_told_their_place():
    found = Scene().add("a1", ANN).add("b1", BOB).add("c1", CID).add("c2", CID).decide()
    assert found.admitted == {"a1", "b1"}
    assert found.places == {"c1": 1, "c2": 2}


def test_one_person_with_ten_chats_holds_up_nobody():
    scene = Scene()
    for number in range(10):
        scene.add(f"a{number}", ANN)
    for number in range(9):
        scene.add(f"other{number}", uuid4())
    found = scene.decide()
    assert found.admitted == {"a0", "other0"}
    assert in_order(found)[:9] == [*[f"other{number}" for number in range(1, 9)], "a1"]


def test_who_holds_calls_already_comes_later():
    scene = Scene().add("a0", ANN, inside=True).add("a1", ANN).add("b0", BOB).add("b1", BOB).add("c0", CID)
    found = scene.decide()
    assert (found.admitted, in_order(found)) == ({"b0"}, ["c0", "a1", "b1"])


def test_who_was_served_since_the_line_began_comes_later_also_where_there_is_room_for_one():
    scene = Scene().add("a0", ANN, room=1, inside=True, status="complete").add("a1", ANN, room=1).add("a2", ANN, room=1)
    found = scene.add("b0", BOB, room=1).add("c0", CID, room=1).decide()
    assert (found.admitted, in_order(found)) == ({"b0"}, ["c0", "a1", "a2"])


def test_a_full_agent_holds_up_only_those_who_wait_for_it():
    scene = Scene().add("x", CID, ONE, room=1, inside=True).add("y", CID, ONE, room=1)
    scene.add("a1", ANN, ONE, room=1).add("b1", BOB, ONE, room=1).add("a2", ANN, TWO, room=1)
    found = scene.decide()
    assert (found.admitted, found.places) == ({"a2"}, {"a1": 1, "b1": 2, "y": 3})
    found = scene.decide(9)  # now what Ann holds elsewhere counts too
    assert (found.admitted, found.places) == ({"a2"}, {"b1": 1, "y": 2, "a1": 3})


def test_the_limit_of_the_team_goes_across_its_agents():
    scene = Scene()
    for number in range(3):
        scene.add(f"a{number}", ANN, ONE, room=None)
    scene.add("b0", BOB, TWO, room=1).add("c0", CID, TWO, room=1).add("c1", CID, TWO, room=1)
    found = scene.decide(2)
    assert found.admitted == {"a0", "b0"}
    assert found.places == {"a1": 1, "a2": 2, "c0": 1, "c1": 2}  # the line of the team, and that of the full agent


def test_without_any_limit_all_come_in():
    found = Scene().add("a", ANN, room=None).add("b", BOB, room=0).decide()
    assert found.admitted == {"a", "b"}


def test_who_waits_for_an_agent_that_is_gone_or_left_alone_is_sent_away():
    later = timezone.now() + timedelta(minutes=1)
    scene = Scene().add("off", ANN, may_call=False).add("gone", ANN, agent=None, may_call=None)
    scene.add("paused", BOB, TWO, paused_until=later).add("trial", CID, TWO, paused_until=later)
    found = scene.decide(trials={"trial"})
    assert found.admitted == {"trial"}
    assert {name: refusal.code for name, refusal in found.refused.items()} == {
        "off": "agent_not_found", "gone": "agent_not_found", "paused": "agent_paused",
    }  # fmt: skip


# In the database


def book(cast, agent, user, purpose=RunPurpose.CHAT):
    with tenant_scope(cast.team.id):
        return ledger.book_run(agent=agent, user=user, purpose=purpose, chars_in=1)[0]


def admitted(cast):
    with tenant_scope(cast.team.id):
        return Run.objects.filter(admitted_at__isnull=False, status="running").count()


@pytest.mark.parametrize("own", [None, 0])
def test_a_run_without_any_limit_is_admitted_as_it_is_booked(cast, own):
    run = book(cast, AgentFactory(team=cast.team, max_concurrent=own), cast.owner)
    assert run.admitted_at == run.started_at


def test_a_limit_makes_all_but_a_test_ask_for_a_place(cast, settings):
    capped, free = AgentFactory(team=cast.team, max_concurrent=1), AgentFactory(team=cast.team)
    for purpose, waits in ((RunPurpose.CHAT, True), (RunPurpose.API, True), (RunPurpose.TEST, False)):
        assert (book(cast, capped, cast.owner, purpose).admitted_at is None) == waits
    assert book(cast, free, None, RunPurpose.TEST).admitted_at is not None
    cast.owner.team.settings = {"max_concurrent_runs": 3}
    assert book(cast, free, cast.owner).admitted_at is None


@pytest.mark.parametrize(
    ("given", "default", "limit"),
    [
        ({}, 0, None),
        ({}, 7, 7),
        ({"max_concurrent_runs": 3}, 7, 3),
        ({"max_concurrent_runs": 0}, 7, None),
        ({"max_concurrent_runs": -1}, 7, 7),
        ({"max_concurrent_runs": True}, 7, 7),
        ({"max_concurrent_runs": "3"}, 0, None),
    ],
)
def test_the_limit_of_a_team_is_its_own_or_the_installations(settings, given, default, limit):
    settings.TEAM_RUNS_AT_ONCE = default
    assert Team(settings=given).max_concurrent_runs == limit


def test_a_look_is_at_one_team_only(cast):
    theirs = AgentFactory(team=cast.other_team, max_concurrent=1)
    with tenant_scope(cast.other_team.id):
        run = ledger.book_run(agent=theirs, user=cast.outsider, purpose=RunPurpose.CHAT, chars_in=1)[0]
    ours = book(cast, AgentFactory(team=cast.team, max_concurrent=1), cast.owner)
    assert look(cast.team.id, set()).inside == {ours.id}
    with tenant_scope(cast.other_team.id):
        assert Run.objects.get(id=run.id).admitted_at is None


def test_what_ends_makes_room_however_it_ends(cast):
    agent = AgentFactory(team=cast.team, max_concurrent=1)
    runs = [book(cast, agent, user) for user in (cast.owner, cast.teammate, cast.admin)]
    for place, run in enumerate(runs):
        found = look(cast.team.id, set())
        assert found.admitted == {run.id}
        assert len(found.places) == 2 - place
        with tenant_scope(cast.team.id):
            Run.objects.filter(id=run.id).update(lease_until=START - timedelta(minutes=1))
        assert ledger.sweep_expired() == 1


def test_a_place_that_was_told_holds_when_a_call_ends(cast):
    agent = AgentFactory(team=cast.team, max_concurrent=1)
    first = book(cast, agent, cast.owner)
    assert look(cast.team.id, set()).admitted == {first.id}
    second, other = book(cast, agent, cast.owner), book(cast, agent, cast.teammate)
    assert look(cast.team.id, set()).places == {other.id: 1, second.id: 2}
    with tenant_scope(cast.team.id):
        Run.objects.filter(id=first.id).update(status="complete", ended_at=timezone.now())
    found = look(cast.team.id, set())
    assert (found.admitted, found.places) == ({other.id}, {second.id: 1})


def test_who_lost_the_agent_while_waiting_is_sent_away(cast):
    agent = AgentFactory(team=cast.team, max_concurrent=1, audience="chosen")
    with tenant_scope(cast.team.id):
        given = [AgentMember.objects.create(agent=agent, user=user) for user in (cast.owner, cast.teammate)]
    first, lost, admins = (book(cast, agent, user) for user in (cast.owner, cast.teammate, cast.admin))
    assert look(cast.team.id, set()).admitted == {first.id}
    with tenant_scope(cast.team.id):
        given[1].delete()
    found = look(cast.team.id, set())
    assert found.refused.keys() == {lost.id}
    assert found.places == {admins.id: 1}


@pytest.mark.django_db(transaction=True)
def test_looks_at_one_moment_give_no_place_away_twice(cast):
    agent = AgentFactory(team=cast.team, max_concurrent=3)
    for _ in range(4):
        for user in (cast.owner, cast.teammate, cast.admin):
            book(cast, agent, user)
    looks = at_once(8, lambda number: look(cast.team.id, set()))
    assert admitted(cast) == 3
    assert sorted(len(found.admitted) for found in looks) == [0] * 7 + [3]
    with tenant_scope(cast.team.id):
        holders = Run.objects.filter(admitted_at__isnull=False).values_list("user_id", flat=True)
        assert Counter(holders) == {cast.owner.id: 1, cast.teammate.id: 1, cast.admin.id: 1}


def test_the_limit_of_a_team_holds_for_all_its_agents_together(cast):
    team = cast.owner.team
    team.settings = {"max_concurrent_runs": 2}
    team.save()
    agents = [AgentFactory(team=cast.team) for _ in range(3)]
    runs = [book(cast, agent, cast.owner) for agent in agents]
    later = book(cast, agents[0], cast.owner)
    with tenant_scope(cast.other_team.id):
        other = ledger.book_run(
            agent=AgentFactory(team=cast.other_team), user=cast.outsider, purpose=RunPurpose.CHAT, chars_in=1
        )[0]
    assert other.admitted_at is not None
    found = look(cast.team.id, set())
    assert found.admitted == {run.id for run in runs[:2]}
    assert found.places == {runs[2].id: 1, later.id: 2}
    team.settings = {}
    team.save()
    assert look(cast.team.id, set()).admitted == {runs[2].id, later.id}
