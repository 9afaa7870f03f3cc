"""A sealed secret opens in its own place with a known key, and nowhere else."""

from typing import Any

import pytest

from agents.models import Agent
from tenants.scope import tenant_scope, unsafe_all_tenants
from tenants.secrets import UnreadableSecret, mask, seal, unseal
from tests.conftest import Cast
from tests.factories import AgentFactory

SECRET = "tok_ä•4711"


def test_a_secret_comes_back_and_is_sealed_differently_each_time() -> None:
    sealed = [seal(SECRET, place="here") for _ in range(2)]
    assert [unseal(text, place="here") for text in sealed] == [SECRET, SECRET]
    assert sealed[0] != sealed[1]
    assert all(text.startswith("v1:") and SECRET not in text for text in sealed)


def test_nothing_stays_nothing() -> None:
    assert seal("", place="here") == unseal("", place="here") == ""


@pytest.mark.parametrize("place", ["there", "", "here\n", "her"])
def test_a_secret_does_not_open_in_another_place(place: str) -> None:
    with pytest.raises(UnreadableSecret):
        unseal(seal(SECRET, place="here"), place=place)


@pytest.mark.parametrize(
    "damage", [lambda s: s[:-4], lambda s: s[:40] + "AAAA" + s[44:], lambda s: "v1:", lambda s: "plain text"]
)
def test_a_damaged_secret_raises_and_is_not_shown(damage: Any) -> None:
    with pytest.raises(UnreadableSecret) as refusal:
        unseal(damage(seal(SECRET, place="here")), place="here")
    assert SECRET not in str(refusal.value)


def test_a_new_key_comes_before_the_old_one_and_replaces_it(settings: Any) -> None:
    settings.FIELD_KEYS = ["old"]
    sealed = seal(SECRET, place="here")
    settings.FIELD_KEYS = ["new", "old"]
    assert unseal(sealed, place="here") == SECRET
    renewed = seal(unseal(sealed, place="here"), place="here")
    settings.FIELD_KEYS = ["new"]
    assert unseal(renewed, place="here") == SECRET
    with pytest.raises(UnreadableSecret):
        unseal(sealed, place="here")


def test_a_mask_shows_the_end_of_long_secrets_only() -> None:
    assert mask("") is None
    assert mask("short") == "••••••••"
    assert mask("a long secret 4711") == "••••••••4711"


def test_the_token_of_an_agent_is_bound_to_the_agent_and_its_team(cast: Cast) -> None:
    ours, theirs = AgentFactory(team=cast.team), AgentFactory(team=cast.other_team)
    with tenant_scope(cast.team.id):
        ours.webhook_token = SECRET
        ours.save()
    with unsafe_all_tenants(reason="test"):
        stored = Agent.objects.get(id=ours.id)
        assert stored.webhook_token == SECRET
        assert SECRET not in stored.sealed_webhook_token
        theirs.sealed_webhook_token = stored.sealed_webhook_token
        with pytest.raises(UnreadableSecret):
            _ = theirs.webhook_token
