"""What reads of chats and rooms leave in the database: pictures and hashes of others, and who was in a room before."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.clients import open_refresh_session
from accounts.tokens import access_token
from chats import consumers
from chats.members import set_members
from chats.models import Chat, ChatMember
from chats.queries import with_unread
from config.routing import websocket_urlpatterns
from sharing import leases, queries
from sharing.models import Participant, Share
from sharing.sight import Errand, look
from tenants.database import in_team
from tenants.middleware import PrincipalSocketMiddleware
from tenants.scope import tenant_scope
from tests.factories import ChatFactory, MessageFactory, ShareFactory

pytestmark = pytest.mark.django_db
application = PrincipalSocketMiddleware(URLRouter(websocket_urlpatterns))
OF_OTHERS = re.compile(r'(?<!"agents_agent"\.)"(avatar|password|preferences)"')


def asked_of(captured, table):
    """Return the queries for rows of one of our tables; those for the reader's own row are none."""
    return [sql for query in captured if re.search(rf' FROM "{table}', sql := query["sql"])]


def assert_nothing_unshown_is_read(captured):
    queries = asked_of(captured, "(chats|sharing)_")
    assert queries
    assert [sql for sql in queries if OF_OTHERS.search(sql)] == []


@pytest.fixture
def full(cast, chat, share):
    """A chat in which colleagues speak, with somebody in its room."""
    MessageFactory(chat=chat, author=cast.teammate, position=3)
    with tenant_scope(chat.team_id):
        ChatMember.objects.create(chat=chat, user=cast.teammate, can_write=True)
        leases.join(share)
    return share


@pytest.mark.parametrize("path", ["/share/{share.token}", "/mid/share/{share.token}"])
def test_a_visitor_s_page_reads_no_pictures_and_hashes_of_people(client, full, path):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path.format(share=full)).status_code == 200
    assert "accounts_user" in str(captured.captured_queries)
    assert_nothing_unshown_is_read(captured)


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("owner", "/chats/{share.chat_id}"),
        ("teammate", "/chats/{share.chat_id}"),
        ("owner", "/chats/{share.chat_id}/members"),
        ("owner", "/chats/{share.chat_id}/share"),
        ("owner", "/mid/sessions/{share.chat_id}/shares"),
        ("owner", "/api/chats/{share.chat_id}/members"),
        ("teammate", "/chats/shared"),
        ("owner", "/links"),
        ("admin", "/links/team"),
        ("admin", "/shares/{share.id}/log"),
    ],
)
def test_pages_read_no_pictures_and_hashes_of_others(cast, client_of, full, who, path):
    reader = client_of(getattr(cast, who))
    with CaptureQueriesContext(connection) as captured:
        assert reader.get(path.format(share=full)).status_code == 200
    assert_nothing_unshown_is_read(captured)


def test_a_look_reads_the_agent_only_where_something_was_said(full):
    with tenant_scope(full.team_id):
        mine = leases.join(full)
        for after, is_news in ((None, True), (2, True), (3, False)):
            errand = Errand(full.id, {mine.participant.id: mine.token}, {mine.participant.id}, (), after, None)
            with CaptureQueriesContext(connection) as captured:
                seen = look(errand)
            assert_nothing_unshown_is_read(captured)
            assert bool(seen.messages) is is_news
            assert bool(asked_of(captured, "agents_agent")) is is_news
            if is_news:
                with CaptureQueriesContext(connection) as captured:
                    assert seen.share.chat.agent.name == "Ada"
                    assert seen.messages[0].author.full_name is not None
                assert len(captured) == 0


def test_people_in_rooms_are_counted_without_going_through_who_was_there_before(full):
    now = timezone.now()
    newer = ShareFactory(chat=full.chat)
    with tenant_scope(full.team_id):
        fields = {"joined_at": now, "lease_until": now - timedelta(minutes=1)}
        Participant.objects.bulk_create(Participant(share=newer, token_hash=uuid4().hex, **fields) for _ in range(3))
        leases.join(newer)
        leases.join(newer)
        with CaptureQueriesContext(connection) as captured:
            counted = [(share.id, share.current_users) for share in queries.with_current_users(Share.objects.all())]
    assert counted == [(newer.id, 2), (full.id, 1)]
    (sql,) = asked_of(captured, "sharing_share")
    assert 'JOIN "sharing_participant"' not in sql
    assert not re.search(r'GROUP BY (?!\S*"share_id")', sql)


def test_how_far_somebody_has_read_is_asked_for_each_chat_and_not_for_each_message(cast):
    ChatFactory(user=cast.owner)
    with tenant_scope(cast.team.id), CaptureQueriesContext(connection) as captured:
        assert [chat.unread for chat in with_unread(Chat.objects.all(), cast.owner)] == [0]
    (sql,) = asked_of(captured, "chats_chat")
    assert re.search(r'"chat_id" = \(?"chats_chat"\."id"\)?', sql[sql.index('"chats_readmarker"') :])
    assert re.search(r'(U|V)\d+."chat_id" = \(?(U|V)\d+\."(id|chat_id)"', sql) is None


async def told_of_company(chat, user):
    """Return what a chat's socket says of company first."""

    def bearer():
        session, _ = open_refresh_session(user=user, user_agent="socket")
        return [(b"host", b"testserver"), (b"authorization", f"Bearer {access_token(session)}".encode())]

    headers = await in_team(user.team_id, bearer)
    socket = WebsocketCommunicator(application, f"/ws/chats/{chat.id}", headers=headers)
    assert (await socket.connect(timeout=5))[0]
    while (frame := json.loads(await socket.receive_from(5)))["type"] != "company":
        pass
    await socket.disconnect()
    return frame["data"]


@pytest.mark.django_db(transaction=True)
async def test_only_for_a_chats_person_visitors_are_asked_for(cast, share, monkeypatch):
    asked = []
    company_of = consumers.company_of
    monkeypatch.setattr(consumers, "company_of", lambda chat: asked.append(chat) or company_of(chat))
    await in_team(cast.team.id, lambda: set_members(chat=share.chat, members={cast.teammate.id: True}))
    assert await told_of_company(share.chat, cast.teammate) == {"visitors": 0, "typing": [], "sentence": ""}
    assert asked == []
    assert (await told_of_company(share.chat, cast.owner))["sentence"] == "Shared · 0 of 2 visitors here"
    assert asked
