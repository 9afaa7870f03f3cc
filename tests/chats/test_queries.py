"""How much a message costs the database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chats.models import Message
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory, RunFactory

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
MAX_QUERIES = 6
COUNTING = 2  # the person's row is held, their calls are counted


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("tier", "most"), [("team", MAX_QUERIES), ("pro", MAX_QUERIES + COUNTING)])
@pytest.mark.parametrize("earlier", [0, 2, 20])
def test_a_message_takes_six_queries_however_long_the_chat_and_two_where_calls_are_counted(
    cast, client_of, earlier, tier, most
):
    with tenant_scope(cast.team.id):
        User.objects.filter(id=cast.owner.id).update(tier=tier)
    RunFactory.create_batch(earlier, user=cast.owner, lease_until=timezone.now(), status="complete")
    agent = AgentFactory(team=cast.team, config={"demo_seconds": 0.05})
    chat = ChatFactory(user=cast.owner, agent=agent)
    for position in range(1, earlier + 1):
        MessageFactory(chat=chat, position=position)
    client = client_of(cast.owner)
    with CaptureQueriesContext(connection) as captured:
        response = client.post(
            f"/api/chats/{chat.id}/messages",
            {"content": "Hi"},
            content_type="application/json",
            headers={"accept": "text/event-stream"},
        )
    assert response.status_code == 200
    asked = [query["sql"] for query in captured if not query["sql"].startswith(TRANSACTION)]
    assert len(asked) <= most, asked
    with tenant_scope(cast.team.id):
        assert Message.objects.filter(chat=chat).count() == earlier + 2


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 3, 30])
def test_the_list_takes_the_same_queries_however_long(cast, client_of, django_assert_num_queries, rows):
    for _ in range(rows):
        chat = ChatFactory(user=cast.owner)
        for position in (1, 2, 3):
            MessageFactory(chat=chat, position=position, content=f"{position}")
    client = client_of(cast.owner)
    with django_assert_num_queries(5):
        listed = client.get("/api/chats").json()
    assert len(listed) == rows
    assert [[message["content"] for message in chat["messages"]] for chat in listed] == [["2", "3"]] * rows
