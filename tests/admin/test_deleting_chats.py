"""Deleting a chat whose answer is being written: it is stopped before a transaction makes others wait."""

from typing import Any

import pytest
from django.db import connection

from agents import relay
from chats.models import Chat, Message, MessageRole, MessageStatus
from tenants.scope import tenant_scope
from tests.admin.conftest import SignIn
from tests.admin.forms import the
from tests.admin.test_every_page import url
from tests.conftest import Cast
from tests.factories import MessageFactory
from tests.isolation.conftest import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def answer(world: World) -> Message:
    run = world.ours.rows[Message].run
    return MessageFactory(
        chat=world.ours.chat, position=2, run=run, role=MessageRole.ASSISTANT, status=MessageStatus.STREAMING
    )


@pytest.fixture
def waits(answer: Message, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Tell for each wait for a run's end whether it was inside a transaction."""
    seen: list[bool] = []

    def stop(run: Any) -> None:
        seen.append(connection.in_atomic_block)
        with tenant_scope(answer.team_id):
            Message.objects.filter(run=run, status=MessageStatus.STREAMING).update(status=MessageStatus.STOPPED)

    monkeypatch.setattr(relay, "stop", stop)
    return seen


def confirm(client: Any, chat: Chat, way: str) -> Any:
    if way == "page":
        return client.post(url(Chat, "delete", chat.pk), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [str(chat.pk)], "post": "yes"}
    return client.post(url(Chat, "changelist"), chosen)


@pytest.mark.parametrize("way", ["page", "action"])
@pytest.mark.parametrize("who", ["admin", "operator"])
def test_nobody_waits_in_a_transaction(
    world: World, cast: Cast, sits: SignIn, waits: list[bool], who: str, way: str
) -> None:
    assert confirm(sits(getattr(cast, who)), world.ours.chat, way).status_code == 302
    assert waits == [False]
    with pytest.raises(Chat.DoesNotExist):
        the(Chat, pk=world.ours.chat.pk)


@pytest.mark.parametrize("way", ["page", "action"])
def test_an_answer_that_begins_meanwhile_keeps_the_chat(
    world: World, cast: Cast, sits: SignIn, answer: Message, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(relay, "stop", lambda run: None)
    assert confirm(sits(cast.admin), world.ours.chat, way).status_code == 409
    assert the(Chat, pk=world.ours.chat.pk)


def test_a_chat_of_another_team_is_not_stopped(world: World, cast: Cast, sits: SignIn, waits: list[bool]) -> None:
    assert confirm(sits(cast.other_admin), world.ours.chat, "page").status_code == 302
    assert waits == []
    assert the(Chat, pk=world.ours.chat.pk)
