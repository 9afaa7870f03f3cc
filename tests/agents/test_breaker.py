"""The breaker: who opens it, for how long, who is let through, and what closes it."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.utils import timezone

from agents import breaker
from agents.actions import update_agent
from agents.breaker import Health
from agents.caller import Outcome
from agents.exceptions import SENTENCES, AgentError, AgentPaused, NotAdmitted
from agents.models import Agent, Run, RunPurpose, RunStatus
from agents.relay import ledger
from agents.relay.ledger import Closing
from agents.relay.transcript import Ending
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.factories import AgentFactory, ChatFactory, UserFactory

MOST = configured.AGENT_BREAKER_FAILURES
FAILED = Ending(RunStatus.FAILED, "AGENT_FAILED")


@pytest.fixture
def agent(cast):
    """An agent that failed once less than it may; another fares the same and must be left as it is."""
    AgentFactory(team=cast.team, failures=MOST - 1)
    return AgentFactory(team=cast.team, failures=MOST - 1)


@pytest.fixture(autouse=True)
def _in_team(request, cast):
    with tenant_scope(cast.team.id):
        yield


def stored(agent):
    return Agent.objects.get(id=agent.id)


def book(agent, user, purpose=RunPurpose.CHAT):
    return ledger.book_run(agent=stored(agent), user=user, purpose=purpose, chars_in=1)[0]


def end(run, health, ending=FAILED, *, is_trial=None):
    is_trial = run.is_trial if is_trial is None else is_trial
    ledger.close_run(Closing(run.id, run.team_id, "", 0, ending, outcome=Outcome(), health=health, is_trial=is_trial))


def pause_over(agent):
    Agent.objects.filter(id=agent.id).update(paused_until=timezone.now() - timedelta(seconds=1))


def seconds_paused(agent):
    return round((stored(agent).paused_until - timezone.now()).total_seconds())


def test_the_last_failure_of_many_pauses_the_agent_and_no_other(agent, cast):
    end(book(agent, cast.owner), Health.UNWELL)
    assert (stored(agent).failures, seconds_paused(agent)) == (MOST, 30)
    assert Agent.objects.exclude(id=agent.id).get().paused_until is None
    with pytest.raises(AgentPaused) as refused:
        book(agent, cast.owner)
    error = refused.value
    assert (error.status, error.code) == (503, "AGENT_PAUSED")
    assert error.sentence == f"This agent failed {MOST} times in a row. Try again in about 30 seconds."
    assert 0 < int(error.headers["Retry-After"]) <= 30
    assert Run.objects.count() == 1


def test_a_good_answer_in_between_begins_the_count_anew(agent, cast):
    end(book(agent, cast.owner), Health.WELL, Ending(RunStatus.COMPLETE))
    end(book(agent, cast.owner), Health.UNWELL)
    assert (stored(agent).failures, stored(agent).paused_until) == (1, None)


def test_what_is_not_the_agents_fault_counts_nothing(agent, cast):
    for ending in (Ending(RunStatus.STOPPED), Ending(RunStatus.INTERRUPTED), FAILED):
        end(book(agent, cast.owner), Health.UNKNOWN, ending)
    assert stored(agent).failures == MOST - 1


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_one_persons_bad_input_says_nothing_of_the_agent(code):
    harmless = code in {"agent_rejected", "agent_too_large", "agent_blocked_address"}
    assert breaker.verdict(AgentError(code)) == (Health.UNKNOWN if harmless else Health.UNWELL)
    assert breaker.verdict(NotAdmitted(code)) == Health.UNKNOWN


def test_a_test_by_its_owner_can_only_do_good(agent, cast):
    end(book(agent, cast.admin, RunPurpose.TEST), Health.UNWELL)
    assert stored(agent).failures == MOST - 1
    end(book(agent, cast.owner), Health.UNWELL)
    end(book(agent, cast.admin, RunPurpose.TEST), Health.WELL, Ending(RunStatus.COMPLETE))
    assert (stored(agent).failures, stored(agent).paused_until) == (0, None)


def test_each_failed_trial_doubles_the_pause_up_to_ten_minutes(agent, cast):
    end(book(agent, cast.owner), Health.UNWELL)
    for seconds in (60, 120, 240, 480, 600, 600):
        pause_over(agent)
        trial = book(agent, cast.owner)
        assert trial.is_trial
        end(trial, Health.UNWELL)
        assert seconds_paused(agent) == seconds


def test_calls_that_were_on_their_way_do_not_lengthen_the_pause(agent, cast):
    early = [book(agent, cast.owner) for _ in range(5)]
    for run in early:
        end(run, Health.UNWELL)
    assert (stored(agent).failures, seconds_paused(agent)) == (MOST, 30)


def test_a_good_trial_closes_the_breaker(agent, cast):
    end(book(agent, cast.owner), Health.UNWELL)
    pause_over(agent)
    end(book(agent, cast.owner), Health.WELL, Ending(RunStatus.COMPLETE))
    assert (stored(agent).failures, stored(agent).paused_until) == (0, None)
    assert not book(agent, cast.owner).is_trial


@pytest.mark.parametrize("ending", [Ending(RunStatus.STOPPED), Ending(RunStatus.INTERRUPTED)])
def test_a_trial_that_is_ended_early_leaves_the_next_call_to_try(agent, cast, ending):
    end(book(agent, cast.owner), Health.UNWELL)
    pause_over(agent)
    end(book(agent, cast.owner), Health.UNKNOWN, ending)
    assert book(agent, cast.owner).is_trial


def test_a_trial_of_which_nothing_is_heard_again_costs_one_pause(agent, cast):
    end(book(agent, cast.owner), Health.UNWELL)
    pause_over(agent)
    book(agent, cast.owner)
    with pytest.raises(AgentPaused):
        book(agent, cast.owner)
    assert 0 < seconds_paused(agent) <= 30
    pause_over(agent)
    assert book(agent, cast.owner).is_trial


@pytest.mark.parametrize(
    ("change", "is_over"),
    [
        ({"description": "New", "max_concurrent": 2}, False),
        ({"config": {"demo_seconds": 0.2}}, False),  # as it was
        ({"config": {"demo_seconds": 0.1}}, True),
        ({"webhook_token": "another"}, True),
        ({"auth_kind": "none"}, True),
    ],
)
def test_a_changed_cause_ends_the_pause_and_nothing_else_does(agent, cast, change, is_over):
    end(book(agent, cast.owner), Health.UNWELL)
    update_agent(agent=agent, changed_by=cast.admin, **change)
    assert (stored(agent).paused_until is None, stored(agent).failures) == (is_over, 0 if is_over else MOST)


def test_the_breaker_can_be_switched_off(agent, cast, settings):
    end(book(agent, cast.owner), Health.UNWELL)
    settings.AGENT_BREAKER_FAILURES = 0
    assert breaker.obstacle_of(stored(agent)) == ""
    end(book(agent, cast.owner), Health.UNWELL)
    assert stored(agent).failures == MOST


@pytest.mark.parametrize("tier", ["team", "pro"])
def test_a_refused_call_is_not_charged_and_an_agent_that_is_well_costs_no_query(
    agent, cast, tier, django_assert_num_queries
):
    user = UserFactory(team=cast.team, tier_id=tier)
    user.tier, agent = user.tier, stored(agent)
    with django_assert_num_queries(1 if tier == "team" else 3):
        ledger.book_run(agent=agent, user=user, purpose=RunPurpose.CHAT, chars_in=1)
    Agent.objects.filter(id=agent.id).update(paused_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(AgentPaused):
        book(agent, user)
    assert Run.objects.filter(user=user).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_twenty_calls_after_the_pause_one_is_the_trial(agent, cast):
    end(book(agent, cast.owner), Health.UNWELL)
    pause_over(agent)

    def call(number):
        with tenant_scope(cast.team.id):
            try:
                return book(agent, cast.owner).is_trial
            except AgentPaused as refusal:
                return refusal.code

    answers = at_once(20, call)
    assert sorted(answers, key=str) == ["AGENT_PAUSED"] * 19 + [True]
    assert Run.objects.filter(status="running").count() == 1


def test_the_pages_say_so_and_keep_the_composer(agent, cast, client_of):
    chat = ChatFactory(user=cast.owner, agent=agent)
    client, sentence = client_of(cast.owner), f"This agent failed {MOST} times in a row"
    assert sentence not in client.get(f"/chats/{chat.id}").text
    end(book(agent, cast.owner), Health.UNWELL)
    page = client.get(f"/chats/{chat.id}").text
    assert sentence in page
    assert "data-composer" in page
    assert client.get("/chats/new").text.count(sentence) == 1
    refused = client.post(f"/api/chats/{chat.id}/messages", {"content": "Hi"}, content_type="application/json")
    assert (refused.status_code, refused.json()["error_code"]) == (503, "AGENT_PAUSED")
    assert sentence in refused.json()["detail"]
    assert "Retry-After" in refused.headers
    shown_again = client.post(f"/chats/{chat.id}/send", {"content": "Hello there", "idempotency_key": "k"})
    assert (shown_again.status_code, shown_again.text.count(sentence)) == (503, 1)
    assert "Hello there" in shown_again.text
    pause_over(agent)
    assert sentence not in client.get(f"/chats/{chat.id}").text
