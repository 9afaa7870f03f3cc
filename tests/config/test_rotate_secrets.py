"""A key put before the others takes over; without the old one nothing is lost silently."""

import pytest
from django.core.management import CommandError, call_command

from agents.models import Agent
from benchsessions.environments import settings_of, write_settings
from benchsessions.models import Target
from benchsessions.targets import headers_of
from sharing.models import Share
from sharing.queries import share_of
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, AnalystFactory, ShareFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def agents():
    return [AgentFactory(webhook_token=f"secret number {number}") for number in (1, 2)]


@pytest.fixture
def share():
    return ShareFactory(password="a password")


@pytest.fixture
def analyst():
    """Somebody at the bench with a token, in a team with a secret header."""
    analyst = AnalystFactory()
    with tenant_scope(analyst.team_id):
        write_settings(analyst=analyst, settings={"psi": {"bearerToken": "token-of-the-bench"}})
        target = Target(environment="psi", backend_url="https://rag.example/ask")
        target.headers = {"X-Key": "header of the bench"}
        target.save()
    return analyst


def of_the_bench(analyst):
    with tenant_scope(analyst.team_id):
        return settings_of(analyst, "psi")[1], headers_of(Target.objects.get())


def link_of(share):
    with tenant_scope(share.team_id):
        return Share.objects.get(id=share.id).token


def tokens(agents):
    found = []
    for agent in agents:
        with tenant_scope(agent.team_id):
            found.append(Agent.objects.get(id=agent.id).webhook_token)
    return found


def test_the_new_key_alone_opens_everything_afterwards(agents, share, analyst, settings, capsys):
    link = link_of(share)
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = ["a new key", *old]
    call_command("rotate_secrets")
    assert capsys.readouterr().out == "5 secrets are sealed with the first key.\n"
    settings.FIELD_KEYS = ["a new key"]
    assert tokens(agents) == ["secret number 1", "secret number 2"]
    assert link_of(share) == link
    assert share_of(link) == share
    assert of_the_bench(analyst) == ("token-of-the-bench", {"X-Key": "header of the bench"})


def test_a_lost_key_is_said_and_changes_nothing(agents, settings):
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = ["a new key"]
    with pytest.raises(CommandError, match="Put the key it was sealed with back"):
        call_command("rotate_secrets")
    settings.FIELD_KEYS = old
    assert tokens(agents) == ["secret number 1", "secret number 2"]


def test_what_the_bench_cannot_read_any_more_can_be_typed_anew(analyst, settings):
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = ["a new key"]
    assert of_the_bench(analyst) == ("", {})
    settings.FIELD_KEYS = old
    assert of_the_bench(analyst) == ("token-of-the-bench", {"X-Key": "header of the bench"})
