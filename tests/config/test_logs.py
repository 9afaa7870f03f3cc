"""The log holds no token of a link, whatever was refused."""

import logging
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import invitations
from accounts.models import Role
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, ShareFactory
from tests.isolation.conftest import sits

__all__ = ["sits"]


@pytest.fixture
def log(monkeypatch):
    """Return what is written to the log by the handler of the settings."""
    [handler] = {found for name in ("", "django.server") for found in _handlers_of_ours(name)}
    written = StringIO()
    monkeypatch.setattr(handler, "stream", written)
    return written


def _handlers_of_ours(name):
    return [handler for handler in logging.getLogger(name).handlers if handler.name == "stderr"]


@pytest.fixture
def token(cast):
    with tenant_scope(cast.team.id):
        return str(invitations.invite(by=cast.admin, email="", role=Role.USER))


def test_the_addresses_of_invitations_are_cut(cast, token, log):
    cast.team.settings = {"max_users": 3}
    cast.team.save()
    strict = Client(enforce_csrf_checks=True)
    answers = [
        Client().get(f"/join/{token}"),
        Client().post(f"/join/{token}", {}),
        strict.post(f"/join/{token}", {}),
        Client().get(f"/join/{token}/"),
        Client().get(f"/en/join/{token}"),
    ]
    assert [answer.status_code for answer in answers] == [302, 405, 403, 404, 404]
    assert log.getvalue().count("/join/…") == 4
    assert token.split(".")[1] not in log.getvalue()


def test_the_addresses_of_resets_are_cut(db, log):
    assert Client().post("/reset-password/some.body/abc-secret", {}).status_code == 405
    assert log.getvalue().endswith("/reset-password/…\n")


def test_a_request_line_keeps_what_stands_around(log):
    logging.getLogger("django.server").info('"%s" %s %s', "GET /join/secret HTTP/1.1", 302, 0)
    assert log.getvalue().endswith('"GET /join/… HTTP/1.1" 302 0\n')


def test_a_refusal_is_a_line_and_a_fault_has_its_traceback(cast, sits, log):
    assert sits(cast.owner).get("/admin/").status_code == 403
    assert log.getvalue().endswith(" WARNING django.request: Forbidden (Permission denied): /admin/\n")
    assert log.getvalue().count("\n") == 1
    try:
        raise RuntimeError("nobody foresaw this")
    except RuntimeError:
        logging.getLogger("django.request").exception("Internal Server Error: %s", "/admin/")
    assert "RuntimeError: nobody foresaw this" in log.getvalue()


def test_a_refusal_during_a_pause_is_no_error(cast, sits, log):
    until = timezone.now() + timedelta(minutes=5)
    chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team, failures=9, paused_until=until))
    address = reverse("chat-send", args=[chat.id])
    assert sits(cast.owner).post(address, {"content": "Hello"}).status_code == 503
    assert log.getvalue().endswith(f" WARNING django.request: Service Unavailable: {address}\n")


def test_a_log_of_errors_only_holds_faults_and_no_refusals(log, caplog):
    logger = logging.getLogger("django.request")
    with caplog.at_level(logging.ERROR, logger.name):
        logger.error("Service Unavailable: %s", "/here", extra={"status_code": 503})
        assert log.getvalue() == ""
        logger.error("Internal Server Error: %s", "/here", extra={"status_code": 500})
    assert log.getvalue().endswith(" ERROR django.request: Internal Server Error: /here\n")


def test_nobody_else_writes_what_django_logs():
    assert logging.getLogger("django").handlers == []


@pytest.mark.parametrize("before", ["", "/mid"])
def test_the_addresses_of_share_links_are_cut(cast, log, before):
    share = ShareFactory(chat=ChatFactory(user=cast.owner))
    for address in (f"{before}/share/{share.token}/no-such-place", f"{before}/share/{share.token}x/leave"):
        assert Client().put(address).status_code in {404, 405}
    assert log.getvalue().count(f"{before}/share/…/") == 2
    assert share.token[:20] not in log.getvalue()


def test_an_address_to_come_back_to_is_cut(cast, log):
    share = ShareFactory(chat=ChatFactory(user=cast.owner))
    logging.getLogger("django.request").warning("Refused: /sign-in?next=%%2Fshare%%2F%s%%2Fcopy", share.token)
    assert "next=%2Fshare%2F…%2Fcopy" in log.getvalue()
    assert share.token[:20] not in log.getvalue()


@pytest.mark.parametrize("quoted", ["%2Fshare%2F", "%2fshare%2f"])
def test_the_addresses_of_share_links_are_cut_where_they_are_quoted(log, quoted):
    logging.getLogger("django.request").warning("Not Found: %s", f"/sign-in?next={quoted}secret-token")
    assert f"/sign-in?next={quoted}…" in log.getvalue()
    assert "secret-token" not in log.getvalue()
