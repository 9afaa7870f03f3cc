"""An operator without a password helps themselves from a terminal."""

import pytest
from django.core.management import CommandError, call_command

from accounts.management.commands import changepassword
from accounts.models import User
from tenants.scope import tenant_scope

NEW = "an entirely new password"


@pytest.fixture
def typed(monkeypatch):
    """Answer the prompts."""

    def answer(*passwords):
        lines = iter(passwords)
        monkeypatch.setattr(changepassword, "getpass", lambda prompt: next(lines))

    return answer


def knows(user, password):
    with tenant_scope(user.team_id):
        return User.objects.get(id=user.id).check_password(password)


def test_an_operator_gets_a_new_password_and_old_sessions_end(cast, client_of, typed):
    client = client_of(cast.operator)
    typed(NEW, NEW)
    call_command("changepassword", cast.operator.email)
    assert knows(cast.operator, NEW)
    assert client.get("/api/auth/me").status_code == 401


def test_a_person_of_a_team_is_named_with_the_team(cast, typed):
    typed(NEW, NEW)
    call_command("changepassword", cast.owner.email, "--team", cast.team.slug)
    assert knows(cast.owner, NEW)


@pytest.mark.parametrize("passwords", [(NEW, "another one entirely"), ("short", "short")])
def test_what_cannot_be_a_password_changes_nothing(cast, typed, passwords):
    typed(*passwords)
    with pytest.raises(CommandError):
        call_command("changepassword", cast.operator.email)
    assert not knows(cast.operator, passwords[0])


def test_an_unknown_person_is_said(cast):
    with pytest.raises(CommandError, match="has no active person"):
        call_command("changepassword", cast.owner.email)
