"""How calls are counted: which ones, for how long, and against what."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.exceptions import TierRequired
from accounts.models import Tier, User
from agents import quota
from agents.exceptions import QuotaExceeded
from agents.models import Run, RunPurpose, RunStatus
from agents.relay import ledger
from agents.relay.ledger import Closing, Progress
from agents.relay.transcript import Ending
from chats.actions import start_answer
from chats.exceptions import RunInProgress
from chats.models import Message
from chats.speakers import Speaker
from tenants.exceptions import NotFound
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.factories import AgentFactory, ChatFactory, RunFactory, TeamFactory, UserFactory

NOON = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock(monkeypatch):
    """What quotas take for the present."""
    clock = SimpleNamespace(moment=NOON)
    monkeypatch.setattr(quota, "timezone", SimpleNamespace(now=lambda: clock.moment))
    return clock


def person(hour=None, month=None, **fields):
    tier, _ = Tier.objects.update_or_create(
        name=f"{hour}-{month}", defaults={"requests_per_hour": hour, "runs_per_month": month}
    )
    user = UserFactory(tier_id=tier.name, **fields)
    assert user.tier == tier  # at hand from now on, as in a request
    return user


def called(user, *moments, **fields):
    for moment in moments:
        RunFactory(user=user, started_at=moment, lease_until=moment, status=RunStatus.COMPLETE, **fields)


def refusal(user):
    with tenant_scope(user.team_id), transaction.atomic(), pytest.raises(QuotaExceeded) as caught:
        quota.reserve(user)
    return caught.value


def standing(user):
    with tenant_scope(user.team_id):
        return quota.standing(user)


def test_only_charged_calls_of_the_person_count(db, clock):
    user = person(hour=5, month=5)
    called(user, NOON - MINUTE)
    called(user, NOON - MINUTE, charged=False)
    called(UserFactory(team=user.team), NOON - MINUTE)
    called(UserFactory(email=user.email), NOON - MINUTE)
    assert (standing(user).in_hour, standing(user).in_month) == (1, 1)


def test_a_call_counts_for_sixty_minutes_to_the_microsecond(db, clock):
    user = person(hour=1)
    called(user, NOON)
    clock.moment = NOON + timedelta(hours=1) - timedelta.resolution
    error = refusal(user)
    assert error.headers == {
        "Retry-After": "1",
        "RateLimit-Limit": "1",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "1",
    }
    clock.moment = NOON + timedelta(hours=1)
    with tenant_scope(user.team_id), transaction.atomic():
        assert quota.reserve(user).left_in_hour == 0


def test_a_refusal_says_to_the_second_when_the_next_call_is_free(db, clock):
    user = person(hour=2)
    called(user, NOON - 20 * MINUTE, NOON - 50 * MINUTE + SECOND / 2)
    error = refusal(user)
    assert (error.headers["Retry-After"], error.headers["RateLimit-Reset"]) == ("601", "601")
    assert error.sentence == "Your tier allows 2 calls of agents an hour. The next one is free at 12:11 UTC."


def test_the_month_turns_at_midnight_utc(db, clock):
    user = person(month=1)
    called(user, JUNE - timedelta.resolution)
    clock.moment = JUNE - SECOND
    error = refusal(user)
    assert error.headers["Retry-After"] == "1"
    assert error.sentence == "Your tier allows 1 call of an agent a month. The next one is free on 1 June."
    clock.moment = JUNE
    assert (standing(user).in_month, standing(user).in_hour) == (0, 1)
    called(user, JUNE)
    assert standing(user).in_month == 1
    assert refusal(user).headers["Retry-After"] == str(30 * 86400)


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_ends_where_the_next_begins(db, clock, month):
    clock.moment = datetime(2026, month, 28, 23, tzinfo=UTC)
    resets_at = standing(person(month=1)).month_resets_at
    assert (resets_at.day, resets_at.hour, (resets_at - clock.moment) < timedelta(days=4)) == (1, 0, True)
    assert resets_at.month == month % 12 + 1


def test_a_limit_lowered_below_what_is_used_is_free_when_enough_calls_are_an_hour_old(db, clock):
    user = person(hour=2)
    called(user, *(NOON - minutes * MINUTE for minutes in (50, 40, 30, 20, 10)))
    assert refusal(user).headers["Retry-After"] == str(40 * 60)
    assert standing(user).left_in_hour == 0
    clock.moment = NOON + 40 * MINUTE
    with tenant_scope(user.team_id), transaction.atomic():
        quota.reserve(user)


@pytest.mark.parametrize(("moment", "window"), [(NOON, "month"), (JUNE - 10 * MINUTE, "hour")])
def test_of_two_limits_used_up_the_one_that_lasts_longer_is_told(db, clock, moment, window):
    user = person(hour=1, month=1)
    clock.moment = moment
    called(user, moment - MINUTE)
    assert f"a {window}" in refusal(user).sentence.replace("an hour", "a hour")


def test_a_call_that_is_allowed_says_what_is_left_after_it(db, clock):
    user = person(hour=3, month=10)
    with tenant_scope(user.team_id), transaction.atomic():
        first = quota.reserve(user)
    assert (first.left_in_hour, first.left_in_month, first.headers["RateLimit-Reset"]) == (2, 9, "3600")
    called(user, *[NOON - timedelta(days=2)] * 8, NOON - MINUTE)
    with tenant_scope(user.team_id), transaction.atomic():
        last = quota.reserve(user)
    assert (last.left_in_hour, last.left_in_month) == (1, 0)
    assert (last.headers["RateLimit-Limit"], last.headers["RateLimit-Remaining"]) == ("10", "0")


def test_a_tier_without_limits_is_not_counted_and_one_that_allows_nothing_is_refused(db, django_assert_num_queries):
    unlimited, nothing = person(), person(hour=0, month=0)
    with tenant_scope(unlimited.team_id), django_assert_num_queries(0):
        assert quota.reserve(unlimited) is None
    with tenant_scope(nothing.team_id), django_assert_num_queries(0), pytest.raises(TierRequired):
        quota.reserve(nothing)


def test_the_count_is_found_by_its_index(db):
    users = [person(hour=1000, month=1000, team=team) for team in (TeamFactory(), TeamFactory()) for _ in range(10)]
    now = timezone.now()
    for user in users:
        with tenant_scope(user.team_id):
            Run.objects.bulk_create(
                Run(user=user, purpose=RunPurpose.CHAT, lease_until=now, started_at=now - number * timedelta(hours=7))
                for number in range(250)
            )
    with connection.cursor() as cursor, tenant_scope(users[0].team_id):
        cursor.execute("ANALYZE")
        with CaptureQueriesContext(connection) as asked:
            quota.standing(users[0])
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' * (connection.vendor == 'sqlite')}{asked[0]['sql']}")
        plan = str(cursor.fetchall())
    assert len(asked) == 1
    assert "run_charged_by_user" in plan, plan


@pytest.mark.parametrize(
    ("status", "text", "charged"),
    [
        ("complete", "All", True),
        ("stopped", "", True),
        ("stopped", "Ha", True),
        ("failed", "", False),
        ("failed", "Ha", True),
        ("interrupted", "", False),
        ("interrupted", "Ha", True),
    ],
)
def test_what_failed_without_text_is_given_back(db, status, text, charged):
    run = live_run(person(hour=1))
    ledger.close_run(Closing(run.id, run.team_id, text, 0, Ending(RunStatus(status))))
    assert stored(run).charged is charged


@pytest.mark.parametrize("text", ["", "Saved"])
def test_a_run_whose_process_was_killed_is_charged_if_text_of_it_was_saved(db, text):
    run, other = live_run(person(hour=1)), live_run(person(hour=1))
    if text:
        first, later = timezone.now(), timezone.now() + MINUTE
        ledger.save_progress(run.team_id, [Progress(run.id, text, 0, first)])
        ledger.save_progress(run.team_id, [Progress(run.id, f"{text} more", 0)])
        assert stored(run).first_text_at == first < later
    with tenant_scope(run.team_id):
        Run.objects.filter(id=run.id).update(lease_until=timezone.now() - MINUTE)
    assert ledger.sweep_expired() == 1
    assert stored(run).charged is bool(text)
    assert stored(other).charged


def live_run(user):
    return RunFactory(user=user, owner=ledger.PROCESS, lease_until=ledger.lease_end())


def stored(run):
    with tenant_scope(run.team_id):
        return Run.objects.get(id=run.id)


@contextmanager
def asking(user):
    """Be in a request of a person, as each thread of the server is in one of its own."""
    with tenant_scope(user.team_id):
        yield User.objects.select_related("tier").get(id=user.id)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limits", [{"hour": 5}, {"month": 5}])
def test_calls_at_the_same_moment_are_counted_one_after_the_other(transactional_db, limits):
    user = person(**limits)
    agent = AgentFactory(team=user.team)

    def call(_number):
        try:
            with asking(user) as asker, transaction.atomic():
                ledger.book_run(agent=agent, user=asker, purpose=RunPurpose.CHAT, chars_in=1)
        except QuotaExceeded:
            return False
        return True

    assert sorted(at_once(15, call)) == [False] * 10 + [True] * 5
    assert 5 in {standing(user).in_hour, standing(user).in_month}
    assert standing(user).in_hour == 5


@pytest.mark.django_db(transaction=True)
def test_calls_ends_progress_and_the_deletion_of_the_person_do_not_lock_each_other_out(transactional_db, monkeypatch):
    """Each holds other rows first; whoever comes second waits or is told, and nobody is broken off."""
    monkeypatch.setattr("agents.relay.launch", lambda run, call: None)
    for _round in range(3):
        user = person(hour=100)
        chats = ChatFactory.create_batch(4, user=user)
        runs = [live_run(user) for _ in range(2)]

        def act(number, user=user, chats=chats, runs=runs):
            try:
                with asking(user) as asker:
                    if number < 8:
                        start_answer(chat_id=chats[number % 4].id, speaker=Speaker(asker), content="Hi")
                    elif number == 8:
                        ledger.save_progress(user.team_id, [Progress(run.id, "x", 0, timezone.now()) for run in runs])
                    elif number == 9:
                        ledger.close_run(Closing(runs[0].id, user.team_id, "x", 0, Ending(RunStatus.COMPLETE)))
                    elif number == 10:
                        User.objects.filter(id=user.id).update(tier="pro")
                    else:
                        with transaction.atomic():
                            asker.delete()
            except (NotFound, RunInProgress, User.DoesNotExist) as refused:
                return type(refused).__name__
            return "done"

        results = at_once(12, act)
        assert "done" in results
        with tenant_scope(user.team_id):
            assert not User.objects.filter(id=user.id).exists()
            assert not Message.objects.exists()
