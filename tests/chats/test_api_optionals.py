"""What may be left out of a chat: null means the same, and metadata are of bearable size."""

import pytest

from tests.factories import AgentFactory, ChatFactory

pytestmark = pytest.mark.django_db
NULLS = {"title": None, "metadata": None, "is_archived": None}


def test_null_is_not_given(cast, owner):
    agent = AgentFactory(team=cast.team)
    answer = owner.post("/api/chats", {"agent_id": str(agent.id), **NULLS}, content_type="application/json")
    assert answer.status_code == 201
    assert (answer.json()["title"], answer.json()["metadata"]) == ("", {})
    chat = ChatFactory(user=cast.owner, agent=agent, title="Mine", metadata={"a": 1}, is_archived=True)
    for change in (owner.put, owner.patch):
        shown = change(f"/api/chats/{chat.id}", NULLS, content_type="application/json").json()
        assert (shown["title"], shown["metadata"], shown["is_archived"]) == ("Mine", {"a": 1}, True)


@pytest.mark.parametrize(("size", "refused"), [(16 * 1024 - 9, False), (16 * 1024 - 8, True), (60_000, True)])
def test_metadata_have_at_most_16_kb(cast, owner, size, refused):
    agent = AgentFactory(team=cast.team)
    chat = ChatFactory(user=cast.owner, agent=agent)
    metadata = {"a": "x" * size}  # and nine characters around it
    begun = {"agent_id": str(agent.id), "metadata": metadata}
    for answer in (
        owner.post("/api/chats", begun, content_type="application/json"),
        owner.patch(f"/api/chats/{chat.id}", {"metadata": metadata}, content_type="application/json"),
    ):
        assert (answer.status_code == 400) is refused
        assert not refused or list(answer.json()["errors"]) == ["metadata"]
