"""The one thing of the bench that is written in the administration: whose eight digits an analyst is."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from benchsessions.models import Analyst, EnvironmentSettings
from tenants.scope import tenant_scope
from tests.admin.conftest import SignIn
from tests.admin.test_every_page import url
from tests.conftest import Cast
from tests.factories import AnalystFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(cast: Cast) -> Analyst:
    made: Analyst = AnalystFactory(team=cast.team, login="00004711")
    return made


def link(client: Any, analyst: Analyst, user: Any, **more: str) -> Any:
    return client.post(url(Analyst, "change", analyst.pk), {"user": str(user.pk) if user else "", **more})


def account_of(analyst: Analyst) -> Any:
    with tenant_scope(analyst.team_id):
        return Analyst.objects.select_related("user").get(pk=analyst.pk).user


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_the_account_behind_the_digits_is_chosen_and_recorded(
    cast: Cast, sits: SignIn, analyst: Analyst, who: str
) -> None:
    assert link(sits(getattr(cast, who)), analyst, cast.owner, login="99999999").status_code == 302
    assert account_of(analyst) == cast.owner
    with tenant_scope(cast.team.id):
        assert Analyst.objects.get(pk=analyst.pk).login == "00004711"
        entry = AuditEntry.objects.get(action="bench.analyst_changed")
    assert (entry.object_id, entry.details) == (str(analyst.pk), {"fields": ["user"]})


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_nobody_of_another_team_stands_behind_them(cast: Cast, sits: SignIn, analyst: Analyst, who: str) -> None:
    assert link(sits(getattr(cast, who)), analyst, cast.outsider).status_code == 200
    assert account_of(analyst) is None


def test_an_account_is_one_analyst(cast: Cast, sits: SignIn, analyst: Analyst) -> None:
    other = AnalystFactory(team=cast.team, login="", user=cast.owner)
    client = sits(cast.admin)
    assert link(client, analyst, cast.owner).status_code == 200
    assert account_of(analyst) is None
    assert link(client, other, None).status_code == 302
    assert link(client, analyst, cast.owner).status_code == 302
    assert account_of(analyst) == cast.owner


def test_settings_are_named_and_not_shown(cast: Cast, sits: SignIn, analyst: Analyst) -> None:
    with tenant_scope(cast.team.id):
        row = EnvironmentSettings(analyst=analyst, environment="psi", values={"apiKey": "a-secret-of-a-program"})
        row.save()
    page = sits(cast.operator).get(url(EnvironmentSettings, "change", row.pk)).content.decode()
    assert "apiKey" in page
    assert "a-secret-of-a-program" not in page
    for lookup in ("sealed_bearer_token__startswith", "values__apiKey", "values__has_key"):
        listed = sits(cast.operator).get(url(EnvironmentSettings, "changelist"), {lookup: "v1"})
        assert listed.status_code in {302, 400}
