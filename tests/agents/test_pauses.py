"""What people and programs are told of how long a pause still lasts."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from agents import pauses
from tests.factories import AgentFactory


@pytest.mark.parametrize(
    ("seconds", "exactly", "words"),
    [
        (-5, 1, "about 10 seconds"),
        (0.4, 1, "about 10 seconds"),
        (29.2, 30, "about 30 seconds"),
        (30.5, 31, "about 40 seconds"),
        (51, 51, "about a minute"),
        (60, 60, "about a minute"),
        (61, 61, "about 2 minutes"),
        (600, 600, "about 10 minutes"),
    ],
)
def test_it_is_never_told_too_short(monkeypatch, seconds, exactly, words):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    until = now + timedelta(seconds=seconds)
    assert (pauses.seconds_left(until), pauses.words_left(until)) == (exactly, words)


def test_the_agents_page_tells_how_long_and_what_ends_it_sooner(cast, client_of):
    until = timezone.now() + timedelta(seconds=150)
    agent = AgentFactory(team=cast.team, failures=7, paused_until=until)
    page = " ".join(client_of(cast.admin).get(reverse("agent", args=[agent.id])).content.decode().split())
    assert "Nobody calls this agent for about 3 minutes: it failed 7 times in a row." in page
    assert "sooner once you change how it is called, or once a test of it ends well." in page
    assert f'data-until="{until.isoformat()}"' in page
