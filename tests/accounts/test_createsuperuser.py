"""An operator is made from a terminal, and the operators' log says so."""

import pytest
from django.core.management import CommandError, call_command

from accounts.actions import people
from accounts.models import OPERATORS_SLUG, AuditEntry, User
from tenants.managers import find
from tenants.models import Team
from tenants.scope import tenant_scope, unsafe_all_tenants

pytestmark = pytest.mark.django_db


def log() -> list[AuditEntry]:
    with unsafe_all_tenants(reason="look"):
        return list(AuditEntry.objects.all())


def test_the_first_operator_is_recorded_in_the_team_made_for_them(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "quite a long password")
    call_command("createsuperuser", "--noinput", "--email", "Boss@Parley.test", verbosity=0)
    team = Team.objects.get(slug=OPERATORS_SLUG)
    with tenant_scope(team.id):
        boss = find(User.objects.all(), email="boss@parley.test")
    assert boss is not None
    assert (boss.is_superuser, boss.check_password("quite a long password")) == (True, True)
    (entry,) = log()
    told = (entry.action, entry.actor_kind, entry.object_id, entry.object_name, entry.team_id)
    assert told == ("person.added", "system", str(boss.id), "An operator", team.id)


def test_nobody_else_is_recorded_by_it_afterwards(cast):
    call_command("createsuperuser", "--noinput", "--email", "boss@parley.test", verbosity=0)
    with tenant_scope(cast.team.id):
        people.update_profile(user=cast.owner, full_name="Somebody")
    assert len(log()) == 1


def test_what_is_no_address_makes_nobody(cast):
    with pytest.raises(CommandError):
        call_command("createsuperuser", "--noinput", "--email", "no-address", verbosity=0)
    assert log() == []


def test_an_operator_who_is_there_is_not_made_again(cast):
    with pytest.raises(CommandError, match="There is an operator with this e-mail already"):
        call_command("createsuperuser", "--noinput", "--email", cast.operator.email.upper(), verbosity=0)
    assert log() == []
