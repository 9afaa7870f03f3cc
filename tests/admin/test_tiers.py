"""Tiers are for operators; a team's admin reads which one a person has."""

from typing import Any

import pytest

from accounts.audit import AuditAction
from accounts.models import Tier, User
from tests.admin.conftest import SignIn
from tests.admin.forms import GOOD, person, the
from tests.admin.test_audit import log, told
from tests.admin.test_every_page import text_of, url
from tests.conftest import Cast
from tests.isolation.conftest import World

GOLD = {"name": "gold", "requests_per_hour": "10", "runs_per_month": ""}


def test_an_operator_defines_changes_and_deletes_a_tier(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.operator)
    assert client.post(url(Tier, "add"), GOLD).status_code == 302
    change = url(Tier, "change", "gold")
    assert client.post(change, {**GOLD, "name": "silver", "requests_per_hour": "20"}).status_code == 302
    gold = Tier.objects.get(name="gold")
    assert (gold.requests_per_hour, gold.runs_per_month) == (20, None)
    assert not Tier.objects.filter(name="silver").exists()
    assert client.post(url(Tier, "delete", "gold"), {"post": "yes"}).status_code == 302
    assert not Tier.objects.filter(name="gold").exists()
    assert told(log(cast.operator.team)) == [
        ("tier.defined", "An operator", "gold", {}),
        ("tier.defined", "An operator", "gold", {"fields": ["requests_per_hour"]}),
        ("tier.deleted", "An operator", "gold", {}),
    ]


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "no spaces"}, {"name": "free"}, {"requests_per_hour": "-1"}, {"name": "x\x00y"},
              {"requests_per_hour": "9" * 30}],
)  # fmt: skip
def test_a_tier_that_cannot_be_is_refused_with_a_form(
    world: World, cast: Cast, sits: SignIn, wrong: dict[str, str]
) -> None:
    count = Tier.objects.count()
    response = sits(cast.operator).post(url(Tier, "add"), {**GOLD, **wrong})
    assert response.status_code == 200
    assert b"errornote" in response.content
    assert Tier.objects.count() == count


def test_none_stays_as_it_is(world: World, cast: Cast, sits: SignIn) -> None:
    client = sits(cast.operator)
    assert client.get(url(Tier, "change", "none")).status_code == 200
    assert client.post(url(Tier, "change", "none"), {**GOLD, "name": "none"}).status_code == 403
    assert client.post(url(Tier, "delete", "none"), {"post": "yes"}).status_code == 403
    client.post(url(Tier, "changelist"), {"action": "delete_selected", "_selected_action": ["none"], "post": "yes"})
    none = Tier.objects.get(name="none")
    assert (none.requests_per_hour, none.runs_per_month) == (0, 0)


def test_a_tier_that_people_are_in_is_kept_and_the_reason_is_said(world: World, cast: Cast, sits: SignIn) -> None:
    for method in ("get", "post"):
        response = getattr(sits(cast.operator), method)(url(Tier, "delete", "team"), {"post": "yes"}, follow=True)
        text = text_of(response)
        assert "cannot be deleted while people are in it: 6." in text
        assert "owner@ours.org" not in text
    assert Tier.objects.filter(name="team").exists()
    assert log(cast.operator.team) == []


@pytest.mark.parametrize("page", ["changelist", "add", "change", "delete", "history"])
def test_a_team_admin_has_no_page_of_tiers(world: World, cast: Cast, sits: SignIn, page: str) -> None:
    args = [] if page in {"changelist", "add"} else ["free"]
    for method in ("get", "post"):
        response = getattr(sits(cast.admin), method)(url(Tier, page, *args), {**GOLD, "post": "yes"})
        assert response.status_code in {302, 403}
    assert Tier.objects.filter(name="free").exists()
    assert not Tier.objects.filter(name="gold").exists()
    assert "/admin/accounts/tier/" not in text_of(sits(cast.admin).get("/admin/"))


def test_operators_set_the_tier_of_a_person_and_team_admins_read_it(world: World, cast: Cast, sits: SignIn) -> None:
    change = url(User, "change", cast.owner.pk)
    fields = person(email="owner@ours.org", tier="pro")
    assert sits(cast.admin).post(change, fields).status_code == 302
    assert the(User, pk=cast.owner.pk).tier_id == "team"
    assert 'name="tier"' not in text_of(sits(cast.admin).get(change))
    assert "field-tier" in text_of(sits(cast.admin).get(change))
    assert sits(cast.operator).post(change, fields).status_code == 302
    assert the(User, pk=cast.owner.pk).tier_id == "pro"
    (entry,) = log(cast.team, AuditAction.TIER_CHANGED)
    assert (entry.object_name, entry.details) == ("owner@ours.org", {"before": "team", "after": "pro"})


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_a_new_person_begins_with_the_tier_of_the_team(world: World, cast: Cast, sits: SignIn, who: str) -> None:
    cast.team.settings = {"default_tier": "free"}
    cast.team.save()
    more: dict[str, Any] = {"in_team": str(cast.team.id)} if who == "operator" else {}
    fields = person(new_password=GOOD, tier="team", **more)
    assert sits(getattr(cast, who)).post(url(User, "add"), fields).status_code == 302
    assert the(User, email="new@ours.org").tier_id == "free"
