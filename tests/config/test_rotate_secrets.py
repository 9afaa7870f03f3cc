"""A key put before the others takes over; without the old one nothing is lost silently."""

import pytest
from django.core.management import CommandError, call_command

from agents.models import Agent
from sharing.models import Share
from sharing.queries import share_of
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ShareFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def agents():
    return [AgentFactory(webhook_token=f"secret number {number}") for number in (1, 2)]


@pytest.fixture
def share():
    return ShareFactory(password="a password")


def link_of(share):
    with tenant_scope(share.team_id):
        return Share.objects.get(id=share.id).token


def tokens(agents):
    found = []
    for agent in agents:
        with tenant_scope(agent.team_id):
            found.append(Agent.objects.get(id=agent.id).webhook_token)
    return found


def test_the_new_key_alone_opens_everything_afterwards(agents, share, settings, capsys):
    link = link_of(share)
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = ["a new key", *old]
    call_command("rotate_secrets")
    assert capsys.readouterr().out == "3 secrets are sealed with the first key.\n"
    settings.FIELD_KEYS = ["a new key"]
    assert tokens(agents) == ["secret number 1", "secret number 2"]
    assert link_of(share) == link
    assert share_of(link) == share


def test_a_lost_key_is_said_and_changes_nothing(agents, settings):
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = ["a new key"]
    with pytest.raises(CommandError, match="Put the key it was sealed with back"):
        call_command("rotate_secrets")
    settings.FIELD_KEYS = old
    assert tokens(agents) == ["secret number 1", "secret number 2"]
