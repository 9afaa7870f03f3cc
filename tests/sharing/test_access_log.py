"""The access log of a link: who came in by it, who waits, and who did not get in."""

import csv
import re
from datetime import timedelta
from html import unescape
from io import StringIO
from ipaddress import ip_address

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from sharing import leases
from sharing.actions import revoke_share
from sharing.models import Participant, Share
from sharing.views import log as page_of_log
from tenants.scope import tenant_scope
from tests.factories import ChatFactory, ShareFactory

ADDRESS = ip_address("203.0.113.77")


@pytest.fixture
def share(cast):
    return ShareFactory(chat=ChatFactory(user=cast.owner, title="private matter"), max_concurrent_users=3)


@pytest.fixture
def visitors(share):
    """Ada is in, Bob left, Cleo was last heard of an hour ago, Dora waits, Emil gave up waiting; in that order."""
    with tenant_scope(share.team_id):
        seats = {name: leases.join(share, name=name, address=ADDRESS) for name in ("Ada", "Bob", "Cleo")}
        for name in ("Dora", "Emil"):
            seats[name] = leases.join(share, name=name, address=ADDRESS, may_wait=True)
        leases.leave(share, token=seats["Bob"].token)
        long_ago = timezone.now() - timedelta(hours=1)
        for name in ("Cleo", "Emil"):
            Participant.objects.filter(id=seats[name].participant.id).update(lease_until=long_ago)
        Participant.objects.filter(id=seats["Ada"].participant.id).update(messages_sent=4)
    return seats


def path(share, form="log"):
    return f"/shares/{share.id}/{form}"


def stays(answer):
    return {str(stay.participant): stay.state for stay in answer.context["stays"]}


def rows_of(answer):
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


EXPECTED = {
    "Emil": "Did not come in",
    "Dora": "Waiting",
    "Cleo": "Was here",
    "Bob": "Was here",
    "Ada": "Here now",
}


@pytest.mark.parametrize("who", ["owner", "admin"])
def test_it_tells_who_is_here_who_was_and_who_waits_the_last_first(cast, sits, share, visitors, who):
    answer = sits(getattr(cast, who)).get(path(share))
    assert list(stays(answer).items()) == list(EXPECTED.items())
    page = unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))
    assert re.search(r"Ada Here now since \S.*? 4 messages · from 203\.0\.113\.0/24 ", page)
    assert re.search(r"Dora Waiting asked \S.*? from 203\.0\.113\.0/24 ", page)
    assert re.search(r"Emil Did not come in asked \S", page)
    assert str(ADDRESS) not in page
    assert ("private matter" in page, share.token in page) == (False, False)


@pytest.mark.parametrize("who", ["teammate", "outsider", "other_admin"])
@pytest.mark.parametrize("form", ["log", "log.csv"])
def test_nobody_else_reads_it(cast, sits, share, visitors, who, form):
    assert sits(getattr(cast, who)).get(path(share, form)).status_code == 404


def test_it_knows_until_when_people_were_there(cast, sits, share, visitors):
    found = {str(stay.participant): stay for stay in sits(cast.owner).get(path(share)).context["stays"]}
    assert found["Bob"].until == found["Bob"].participant.left_at
    assert found["Cleo"].until == found["Cleo"].participant.lease_until
    assert (found["Ada"].until, found["Dora"].until) == (None, None)


def test_nobody_is_in_a_room_that_was_closed(cast, sits, share, visitors):
    with tenant_scope(share.team_id):
        revoke_share(share=share, by=cast.owner)
        revoked_at = Share.objects.get(id=share.id).revoked_at
    found = {str(stay.participant): stay for stay in sits(cast.owner).get(path(share)).context["stays"]}
    assert (found["Ada"].state, found["Ada"].until) == ("Was here", revoked_at)
    assert found["Dora"].state == "Did not come in"
    assert found["Bob"].until == found["Bob"].participant.left_at < revoked_at


def test_a_link_that_nobody_opened_says_so(cast, sits, share):
    page = sits(cast.owner).get(path(share)).content.decode()
    assert "Nobody has opened this link yet." in page
    assert "log.csv" not in page


def test_it_has_pages_and_costs_the_same_however_long_it_is(cast, sits, share, monkeypatch):
    client = sits(cast.owner)
    monkeypatch.setattr(page_of_log, "STAYS_PER_PAGE", 2)
    with tenant_scope(share.team_id):
        for name in ("one", "two"):
            leases.join(share, name=name)
    client.get(path(share))
    with CaptureQueriesContext(connection) as few:
        client.get(path(share))
    with tenant_scope(share.team_id):
        for number in range(5):
            leases.join(share, name=f"more {number}", may_wait=True)
    with CaptureQueriesContext(connection) as many:
        assert list(stays(client.get(path(share)))) == ["more 4", "more 3"]
    assert len(many) == len(few)
    assert list(stays(client.get(path(share), {"page": "4"}))) == ["one"]


def test_a_spreadsheet_opens_it_and_runs_none_of_it(cast, sits, share):
    with tenant_scope(share.team_id):
        for name in ('=HYPERLINK("http://evil.example")', "<script>", ""):
            leases.join(share, name=name, address=ADDRESS)
    answer = sits(cast.owner).get(path(share, "log.csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    rows = rows_of(answer)
    assert [row["name"] for row in rows] == ["Guest", "<script>", '\'=HYPERLINK("http://evil.example")']
    assert {(row["state"], row["until"], row["address"], row["messages"]) for row in rows} == {
        ("Here now", "", "203.0.113.0/24", "0")
    }
    assert all(row["joined"] for row in rows)


def test_an_export_is_recorded(cast, sits, share, visitors):
    sits(cast.admin).get(path(share, "log.csv"))
    with tenant_scope(share.team_id):
        entry = AuditEntry.objects.get(action="export.made")
    told = (entry.actor_name, entry.object_type, entry.object_id, entry.object_name, entry.details)
    assert told == (
        cast.admin.email,
        "share",
        str(share.id),
        "a share link",
        {"what": "access log", "rows": 5},
    )


def test_an_export_is_bounded(cast, sits, share, visitors, monkeypatch):
    monkeypatch.setattr(page_of_log, "MAX_EXPORTED", 2)
    assert [row["name"] for row in rows_of(sits(cast.owner).get(path(share, "log.csv")))] == ["Emil", "Dora"]


def test_whoever_asks_for_the_head_of_the_table_exports_nothing(cast, sits, share, visitors):
    client = sits(cast.owner)
    counts = []
    for ask in (client.head, client.get):
        assert ask(path(share, "log.csv")).status_code == 200
        with tenant_scope(share.team_id):
            counts.append(AuditEntry.objects.filter(action="export.made").count())
    assert counts == [0, 1]
