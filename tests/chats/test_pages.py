"""The pages of chats without scripts: what a browser gets and sends."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chats.models import Chat, Message
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory

JSON = {"accept": "application/json"}
THOUGHT = {"kind": "reasoning", "key": "r", "title": "", "text": "Hm", "url": "", "done": True}


def address(name, chat):
    return reverse(name, args=[chat.id])


def messages_of(chat):
    with tenant_scope(chat.team_id):
        return list(Message.objects.filter(chat=chat))


def reloaded(chat):
    with tenant_scope(chat.team_id):
        return Chat.objects.filter(id=chat.id).first()


def add_exchange(chat, position=1, **answer):
    """Add a question and its answer."""
    MessageFactory(chat=chat, position=position, content="Why?", author=chat.user)
    fields = {"role": "assistant", "content": "Because **so**.", **answer}
    return MessageFactory(chat=chat, position=position + 1, **fields)


def test_the_front_door_leads_to_the_chats(owner):
    assert owner.get("/").headers["location"] == "/chats"


def test_visitors_are_sent_to_sign_in(chat):
    for page in ("/chats", "/chats/new", address("chat-detail", chat)):
        assert Client().get(page).headers["location"].startswith("/sign-in?next=")


def test_the_list_shows_own_chats_only(cast, owner, chat):
    ChatFactory(user=cast.teammate, title="Somebody else's")
    page = owner.get("/chats").content.decode()
    assert "Numbers" in page
    assert "Somebody else" not in page


def test_the_list_is_searched_and_has_an_archive(cast, owner, chat):
    ChatFactory(user=cast.owner, title="Put away", is_archived=True)
    assert "Numbers" in owner.get("/chats?q=numb").content.decode()
    for nowhere in ("%00zebra", "x" * 60_000):
        assert "Nothing found" in owner.get(f"/chats?q={nowhere}").content.decode()
    archive = owner.get("/chats?archived=1").content.decode()
    assert "Put away" in archive
    assert "Numbers" not in archive


def test_the_list_has_pages(cast, owner):
    ChatFactory.create_batch(21, user=cast.owner)
    assert "Page 1 of 2" in owner.get("/chats").content.decode()
    assert "Page 2 of 2" in owner.get("/chats?page=2").content.decode()
    assert owner.get("/chats?page=x").status_code == 200


@pytest.mark.parametrize("count", [1, 3, 30])
def test_pages_take_the_same_queries_whatever_they_show(cast, owner, django_assert_num_queries, count):
    agent = AgentFactory(team=cast.team)
    chats = ChatFactory.create_batch(count, user=cast.owner, agent=agent)
    for number in range(count):
        add_exchange(chats[0], position=2 * number + 1)
        AgentFactory(team=cast.team)
    who_is_asking = 1
    with django_assert_num_queries(who_is_asking + 3):
        owner.get("/chats")
    with django_assert_num_queries(who_is_asking + 1):
        owner.get("/chats/new")
    with django_assert_num_queries(who_is_asking + 7):
        owner.get(address("chat-detail", chats[0]))


def test_a_new_chat_begins_with_an_agent(cast, owner):
    agent = AgentFactory(team=cast.team, name="Oracle")
    AgentFactory(team=cast.team, name="Retired", is_active=False)
    page = owner.get("/chats/new").content.decode()
    assert "Oracle" in page
    assert "Retired" not in page
    response = owner.post("/chats/new", {"agent_id": agent.id})
    assert response.status_code == 303
    with tenant_scope(cast.team.id):
        assert response.headers["location"] == address("chat-detail", Chat.objects.get(agent=agent))


@pytest.mark.parametrize("agent_id", ["", "x", uuid4()])
def test_a_new_chat_needs_an_agent_of_the_team(owner, agent_id):
    response = owner.post("/chats/new", {"agent_id": agent_id})
    assert response.headers["location"] == "/chats/new"


def test_without_agents_an_admin_is_told_where_to_add_one(cast, client_of):
    assert "Add an agent" in client_of(cast.admin).get("/chats/new").content.decode()
    assert "An admin of your team can add one" in client_of(cast.teammate).get("/chats/new").content.decode()


def test_a_chat_shows_what_was_said(owner, chat):
    answer = add_exchange(chat)
    page = owner.get(address("chat-detail", chat)).content.decode()
    assert f'data-socket="/ws/chats/{chat.id}?html=1"' in page
    assert f'id="message-{answer.id}"' in page
    assert "Because <strong>so</strong>." in page
    assert "http-equiv" not in page


def test_what_people_write_is_not_markup(owner, chat):
    MessageFactory(chat=chat, position=1, content="<b>**x**</b>")
    assert "&lt;b&gt;**x**&lt;/b&gt;" in owner.get(address("chat-detail", chat)).content.decode()


def test_an_answer_being_written_shows_what_has_come(owner, chat):
    add_exchange(chat, status="streaming", content="One *block*.\n\nThe ta")
    page = owner.get(address("chat-detail", chat)).content.decode()
    assert "<p>One <em>block</em>.</p>" in page
    assert ">The ta</div>" in page
    assert 'http-equiv="refresh"' in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "failed", "error_code": "AGENT_TIMEOUT"}, "The agent took too long."),
        ({"status": "failed", "error_code": "NEVER_HEARD_OF"}, "The agent failed."),
        ({"status": "stopped"}, "Stopped. What had come is kept."),
        ({"status": "stopped", "content": "", "notices": [THOUGHT]}, "Stopped. What had come is kept."),
        ({"status": "stopped", "content": ""}, "Stopped before anything came."),
        ({"status": "interrupted", "error_code": "INTERRUPTED"}, "interrupted"),
    ],
)
def test_an_answer_that_did_not_end_well_says_so(owner, chat, fields, sentence):
    add_exchange(chat, **fields)
    page = owner.get(address("chat-detail", chat)).content.decode()
    assert sentence in page
    assert "Try again" in page


def test_a_pause_is_told_with_the_moment_at_which_the_page_takes_it_away(cast, owner):
    until = timezone.now() + timedelta(seconds=25)
    agent = AgentFactory(team=cast.team, failures=9, paused_until=until)
    chat = ChatFactory(user=cast.owner, agent=agent)
    for page in (address("chat-detail", chat), "/chats/new"):
        told = owner.get(page).content.decode()
        assert "This agent failed 9 times in a row. Try again in about 30 seconds." in told
        assert f'data-until="{until.isoformat()}"' in told
    refused = owner.post(address("chat-send", chat), {"content": "Hello"})
    assert 20 < int(refused.headers["retry-after"]) <= 25
    assert "data-pause" not in refused.content.decode()


def test_sending_keeps_the_message_and_begins_an_answer(owner, chat):
    response = owner.post(address("chat-send", chat), {"content": "Line one\r\nline two\0"})
    question, answer = messages_of(chat)
    assert response.status_code == 303
    assert response.headers["location"] == f"{address('chat-detail', chat)}#message-{answer.id}"
    assert question.content == "Line one\nline two"
    assert answer.status == "streaming"


def test_a_script_gets_json(owner, chat):
    response = owner.post(address("chat-send", chat), {"content": "Hello"}, headers=JSON)
    assert response.status_code == 202
    assert response.json() == {"message_id": str(messages_of(chat)[1].id)}
    response = owner.post(address("chat-send", chat), {"content": "Again"}, headers=JSON)
    assert response.status_code == 409
    assert response.json()["error_code"] == "RUN_IN_PROGRESS"


def test_sending_twice_with_one_key_sends_once(owner, chat):
    sent = {"content": "Hello", "idempotency_key": str(uuid4())}
    first = owner.post(address("chat-send", chat), sent)
    again = owner.post(address("chat-send", chat), sent)
    assert (again.status_code, again["Location"]) == (first.status_code, first["Location"])
    assert len(messages_of(chat)) == 2


def test_a_refused_message_is_shown_again(owner, chat, settings):
    settings.MAX_MESSAGE_CHARS = 10
    response = owner.post(address("chat-send", chat), {"content": "far too long <"})
    assert response.status_code == 413
    page = response.content.decode()
    assert "far too long &lt;</textarea>" in page
    assert "The message is too long." in page


def test_a_failed_answer_is_tried_again(owner, chat):
    add_exchange(chat, status="failed")
    assert owner.post(address("chat-retry", chat)).status_code == 303
    assert messages_of(chat)[-1].status == "streaming"


def test_a_good_answer_is_not_tried_again(owner, chat):
    add_exchange(chat)
    response = owner.post(address("chat-retry", chat))
    assert response.status_code == 409
    assert "no failed answer" in response.content.decode()


def test_stopping_when_nothing_runs_changes_nothing(owner, chat):
    assert owner.post(address("chat-stop", chat)).status_code == 303
    assert owner.post(address("chat-stop", chat), headers=JSON).json() == {"stopped": False}


def test_a_chat_is_renamed(owner, chat):
    assert owner.post(address("chat-rename", chat), {"title": " Other "}).status_code == 303
    owner.post(address("chat-rename", chat), {"title": " "})
    owner.post(address("chat-rename", chat), {"title": "x" * 201})
    assert reloaded(chat).title == "Other"


def test_a_chat_is_archived_and_brought_back(owner, chat):
    assert owner.post(address("chat-archive", chat), {"archived": "1"}).headers["location"] == "/chats"
    assert reloaded(chat).is_archived
    assert owner.post(address("chat-archive", chat)).headers["location"] == address("chat-detail", chat)
    assert not reloaded(chat).is_archived


def test_a_chat_is_deleted_after_a_question(owner, chat):
    assert "gone for good" in owner.get(address("chat-delete", chat)).content.decode()
    assert reloaded(chat)
    assert owner.post(address("chat-delete", chat)).headers["location"] == "/chats"
    assert reloaded(chat) is None
