"""The share contract over HTTP: what visitors say."""

import pytest
from django.conf import settings
from django.test import Client

from chats.models import Message
from sharing.visits import cookie_name
from tenants.scope import tenant_scope
from tests.factories import ShareFactory
from tests.sharing.visiting import ask, beat, change, join, lapse, look, people, said, say, told


def test_a_message_starts_the_answer(share):
    client = Client()
    join(client, share, {"display_name": "Vera"})
    answer = say(client, share, "  And salt?\n")
    assert answer.status_code == 200
    wanted = {"success": True, "message": "Message sent successfully", "session_id": str(share.chat_id)}
    assert answer.json() == wanted
    *_, question, reply = look(client, share).json()["history"]
    assert (question["author"], question["content"], question["status"]) == ("Vera", "  And salt?\n", "complete")
    assert (reply["role"], reply["author"], reply["status"]) == ("assistant", "Ada", "streaming")
    assert people(share)[0].messages_sent == 1


def test_whoever_is_not_in_joins_by_their_message(share):
    client = Client()
    answer = say(client, share)
    token = answer.json()["participant_token"]
    assert answer.status_code == 200
    assert answer.cookies[cookie_name(share.id)].value == token
    assert beat(client, share).json()["current_users"] == 1
    assert look(client, share).json()["history"][-2]["author"] == "Guest"


def test_a_message_into_a_full_room_is_refused(share):
    for _ in range(2):
        join(Client(), share)
    assert told(say(Client(), share)) == (429, "SHARE_FULL")
    assert len(said(share)) == 2


def test_a_message_that_is_refused_takes_no_place(share):
    join(Client(), share)
    say(Client(), share)
    lapse(share)
    for client in (Client(), Client(), Client()):
        refused = say(client, share)
        assert told(refused) == (409, "RUN_IN_PROGRESS")
        assert refused.cookies == {}
    assert told(say(Client(), share, "  \n")) == (400, "EMPTY_MESSAGE")
    assert look(Client(), share).json()["current_users"] == 0


def test_whoever_is_in_keeps_their_place_when_a_message_is_refused(share):
    client = Client()
    join(client, share)
    say(client, share)
    assert told(say(client, share)) == (409, "RUN_IN_PROGRESS")
    assert beat(client, share).status_code == 200


@pytest.mark.parametrize("body", [{}, {"user_message": None}, {"user_message": ""}, {"message": "Hello"}])
def test_a_message_needs_a_text(share, body):
    answer = ask(Client(), share, "POST", "/message", body)
    assert (*told(answer), *answer.json()["errors"]) == (400, "VALIDATION_ERROR", "user_message")
    assert people(share) == []


def test_a_message_that_is_too_long_is_refused_before_anything_else(share):
    most = settings.SHARE_MESSAGE_CHARS
    assert told(say(Client(), share, "x" * (most + 1))) == (413, "MESSAGE_TOO_LONG")
    assert people(share) == []
    assert say(Client(), share, "x" * most).status_code == 200


def test_a_body_beyond_all_bounds_is_refused(share):
    assert told(say(Client(), share, "x" * settings.MAX_BODY_BYTES)) == (413, "TOO_LARGE")


def test_visitors_of_a_read_only_link_read(chat):
    share = ShareFactory(chat=chat, can_write=False)
    client = Client()
    shown = join(client, share).json()
    assert (shown["can_write"], len(shown["history"])) == (False, 2)
    assert told(say(client, share)) == (403, "SHARE_READ_ONLY")
    assert told(say(Client(), share)) == (403, "SHARE_READ_ONLY")
    assert (len(said(share)), look(client, share).json()["current_users"]) == (2, 1)


def test_a_link_takes_only_so_many_messages(chat):
    share = ShareFactory(chat=chat, max_messages=1)
    change(share, messages_sent=1)
    refused = say(Client(), share)
    assert told(refused) == (429, "SHARE_USED_UP")
    assert refused.headers["Retry-After"].isdigit()
    assert len(said(share)) == 2


def test_a_participant_says_only_so_much_a_minute(share, monkeypatch):
    monkeypatch.setattr(settings, "SHARE_MESSAGES_PER_VISITOR", 1)
    client = Client()
    say(client, share)
    with tenant_scope(share.team_id):
        Message.objects.filter(status="streaming").update(status="complete")
    assert told(say(client, share)) == (429, "RATE_LIMITED")
    assert say(Client(), share).status_code == 200


def test_visitors_never_learn_why_the_agent_cannot_be_asked(share):
    with tenant_scope(share.team_id):
        share.chat.agent.delete()
    answer = say(Client(), share)
    assert told(answer) == (503, "SHARE_CANNOT_ANSWER")
    assert "Ada" not in answer.content.decode()
