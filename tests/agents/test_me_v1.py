"""Who a key belongs to and what they have used, over HTTP."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import PERSONAL_SCOPES, Tier
from tenants.scope import tenant_scope
from tests.agents.ledger import booked, this_morning
from tests.factories import AgentFactory, UserFactory
from tests.keys import new_key, with_key

USAGE = [
    "requests_last_hour",
    "requests_per_hour",
    "requests_remaining",
    "runs_this_month",
    "runs_per_month",
    "runs_remaining",
    "chars_in",
    "chars_out",
    "prompt_tokens",
    "completion_tokens",
    "hour_resets_at",
    "month_resets_at",
]


@pytest.fixture
def person(cast):
    """Somebody with a narrow tier."""
    Tier.objects.create(name="narrow", requests_per_hour=3, runs_per_month=10)
    return UserFactory(team=cast.team, email="narrow@ours.org", full_name="Анна", tier_id="narrow")


def me(**headers):
    return Client().get("/v1/auth/me", headers=headers)


def test_the_answer_has_the_fields_of_the_contract(person):
    answer = me(**with_key(new_key(person)[1]))
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["user", "usage"]
    assert list(body["usage"]) == USAGE
    created_at = body["user"].pop("created_at")
    assert body["user"] == {"id": str(person.id), "email": "narrow@ours.org", "full_name": "Анна", "tier": "narrow"}
    moments = [created_at, body["usage"]["hour_resets_at"], body["usage"]["month_resets_at"]]
    assert all(moment.endswith("Z") for moment in moments)
    assert datetime.fromisoformat(created_at) == person.created_at


def test_what_was_asked_is_counted_and_the_rest_remains(cast, person):
    agent = AgentFactory(team=cast.team)
    now = timezone.now()
    sizes = {"chars_in": 10, "chars_out": 100, "prompt_tokens": 3, "completion_tokens": 7}
    booked(person, agent, now - timedelta(seconds=20), **sizes)
    booked(person, agent, now, **sizes)
    booked(person, agent, now, status="failed", charged=False, chars_in=5)
    booked(cast.owner, agent, now, chars_in=999, chars_out=999, prompt_tokens=999, completion_tokens=999)
    booked(cast.outsider, AgentFactory(team=cast.other_team), now, chars_in=999)
    usage = me(**with_key(new_key(person)[1])).json()["usage"]
    in_month = 2 if (now - timedelta(seconds=20)).month == now.month else 1
    assert (usage["requests_last_hour"], usage["requests_per_hour"]) == (2, 3)
    assert usage["requests_remaining"] == 1
    assert (usage["runs_this_month"], usage["runs_per_month"]) == (in_month, 10)
    assert usage["runs_remaining"] == 10 - in_month
    assert (usage["chars_in"], usage["chars_out"]) == (10 * in_month + 5, 100 * in_month)
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (3 * in_month, 7 * in_month)
    assert datetime.fromisoformat(usage["hour_resets_at"]) == now - timedelta(seconds=20) + timedelta(hours=1)
    assert datetime.fromisoformat(usage["month_resets_at"]) == (
        this_morning().replace(day=1) + timedelta(days=32)
    ).replace(day=1)


def test_without_limits_the_limits_are_null(cast):
    usage = me(**with_key(new_key(cast.owner)[1])).json()["usage"]
    unlimited = ["requests_per_hour", "requests_remaining", "runs_per_month", "runs_remaining"]
    assert [name for name in USAGE if usage[name] is None] == unlimited


def test_somebody_without_a_tier_may_still_look(cast):
    nobody_yet = UserFactory(team=cast.team, tier_id="none")
    body = me(**with_key(new_key(nobody_yet)[1])).json()
    assert body["user"]["tier"] == "none"
    assert (body["usage"]["requests_per_hour"], body["usage"]["runs_remaining"]) == (0, 0)


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_a_key_is_read_from_either_header(person, header):
    text = new_key(person, scopes=["account:read"])[1]
    assert me(**with_key(text, header=header)).json()["user"]["id"] == str(person.id)


def test_a_person_at_work_is_answered_too(cast, client_of):
    assert client_of(cast.owner).get("/v1/auth/me").json()["user"]["email"] == "owner@ours.org"


def test_nobody_is_401(cast):
    for answer in (me(), me(authorization="Bearer nonsense"), me(**{"x-api-key": "parley_nonsense"})):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert set(answer.json()) == {"detail", "error_code"}


def test_a_revoked_key_is_401(person):
    key, text = new_key(person)
    with tenant_scope(key.team_id):
        key.revoked_at = timezone.now()
        key.save()
    assert me(**with_key(text)).status_code == 401


def test_a_key_without_the_scope_is_403(person):
    answer = me(**with_key(new_key(person, scopes=PERSONAL_SCOPES - {"account:read"})[1]))
    assert (answer.status_code, answer.json()["error_code"]) == (403, "SCOPE_REQUIRED")
    assert "account:read" in answer.json()["detail"]


def test_a_key_of_the_team_is_403_for_it_is_nobody(cast):
    answer = me(**with_key(new_key(cast.team)[1]))
    assert answer.status_code == 403
    assert "usage" not in answer.json()


def test_nothing_can_be_written_there(person):
    answer = Client().post("/v1/auth/me", {}, "application/json", headers=with_key(new_key(person)[1]))
    assert answer.status_code in {403, 405}


def test_many_runs_cost_as_many_queries_as_one(cast, person):
    text = new_key(person)[1]
    agent = AgentFactory(team=cast.team)

    def asked():
        for _ in range(4):
            booked(person, agent, timezone.now())
        with CaptureQueriesContext(connection) as queries:
            me(**with_key(text))
        return len(queries)

    asked()
    assert asked() == asked() <= 4
