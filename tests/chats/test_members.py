"""Colleagues in a chat over the API: who is let in, what they may, and that nobody else gains anything."""

import json
from unittest.mock import Mock
from uuid import uuid4

import pytest

from accounts.models import AuditEntry
from agents.models import AgentMember, Audience, Run
from chats import actions
from chats.exceptions import ReadOnly
from chats.members import leave_chat, set_members
from chats.models import Attachment, Chat, ChatMember, Message, ReadMarker
from chats.speakers import Speaker
from tenants.exceptions import Invalid, NotFound
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.factories import AgentFactory, ChatFactory, MessageFactory, UserFactory

EVENTS = {"accept": "text/event-stream"}


@pytest.fixture
def mate(cast, client_of):
    return client_of(cast.teammate)


@pytest.fixture
def chat(cast):
    chat = ChatFactory(user=cast.owner, title="Salaries of all", metadata={"ticket": "canary-7"})
    MessageFactory(chat=chat, author=cast.owner, position=1, content="Who earns what?")
    return chat


def let_in(chat, *people, can_write=False):
    with tenant_scope(chat.team_id):
        set_members(chat=chat, members={person.pk: can_write for person in people})


def put_members(client, chat, *members):
    body = json.dumps({"members": [*members]})
    return client.put(f"/api/chats/{chat.id}/members", body, content_type="application/json")


def say(client, chat, content="Hi", **headers):
    path = f"/api/chats/{chat.id}/messages"
    return client.post(path, {"content": content}, content_type="application/json", headers={**EVENTS, **headers})


def people_in(chat):
    with tenant_scope(chat.team_id):
        return dict(ChatMember.objects.filter(chat=chat).values_list("user__email", "can_write"))


def test_the_owner_lets_colleagues_in_changes_what_they_may_and_puts_them_out(cast, owner, chat):
    mate, admin = str(cast.teammate.pk), str(cast.admin.pk)
    told = put_members(owner, chat, {"user_id": mate, "can_write": True}, {"user_id": admin}).json()
    assert told == {
        "members": [
            {"user_id": admin, "name": cast.admin.full_name, "can_write": False},
            {"user_id": mate, "name": cast.teammate.full_name, "can_write": True},
        ]
    }
    assert owner.get(f"/api/chats/{chat.id}/members").json() == told
    assert put_members(owner, chat, {"user_id": mate}).status_code == 200
    assert people_in(chat) == {cast.teammate.email: False}
    assert put_members(owner, chat).json() == {"members": []}
    assert people_in(chat) == {}


def test_what_was_changed_stands_in_the_log_without_a_word_of_the_chat(cast, owner, chat):
    put_members(owner, chat, {"user_id": str(cast.teammate.pk), "can_write": True})
    put_members(owner, chat, {"user_id": str(cast.teammate.pk), "can_write": True})
    put_members(owner, chat, {"user_id": str(cast.admin.pk)})
    with tenant_scope(cast.team.id):
        first, second = AuditEntry.objects.filter(action="chat.members_changed").order_by("at")
    assert (first.object_id, first.actor_name) == (str(chat.id), cast.owner.email)
    assert first.details == {"added": [str(cast.teammate.pk)], "removed": [], "changed": []}
    assert second.details == {"added": [str(cast.admin.pk)], "removed": [str(cast.teammate.pk)], "changed": []}
    assert "Salaries" not in f"{first.object_name} {second.object_name}"


def test_nobody_but_an_active_colleague_can_be_let_in(cast, owner, chat):
    gone = UserFactory(team=cast.team, is_active=False)
    let_in(chat, cast.admin)
    answers = {}
    for name, person in {
        "absent": uuid4(),
        "of another team": cast.outsider.pk,
        "operator": cast.operator.pk,
        "deactivated": gone.pk,
        "oneself": cast.owner.pk,
    }.items():
        answer = put_members(owner, chat, {"user_id": str(cast.teammate.pk)}, {"user_id": str(person)})
        answers[name] = (answer.status_code, answer.content.decode().replace(str(person), "ID"))
    assert set(answers.values()) == {answers["absent"]}
    assert answers["absent"][0] == 400
    assert people_in(chat) == {cast.admin.email: False}


@pytest.mark.parametrize(
    "members",
    [
        None,
        "text",
        {},
        [None],
        [5],
        ["\0"],
        [{}],
        [{"user_id": None}],
        [{"user_id": "nobody"}],
        [{"user_id": "MATE", "can_write": "yes"}],
        [{"user_id": "MATE", "can_write": 1}],
        [{"user_id": "MATE"}, {"user_id": "MATE", "can_write": True}],
        [{"user_id": "MATE"}] * 1_001,
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(cast, owner, chat, members):
    body = json.dumps({"members": members}).replace("MATE", str(cast.teammate.pk))
    answer = owner.put(f"/api/chats/{chat.id}/members", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error_code"] in {"VALIDATION_ERROR", "PARSE_ERROR"}
    assert people_in(chat) == {}


def test_whoever_was_deactivated_is_not_listed_and_keeps_their_place(cast, owner, chat):
    let_in(chat, cast.teammate, cast.admin)
    with tenant_scope(cast.team.id):
        type(cast.teammate).objects.filter(pk=cast.teammate.pk).update(is_active=False)
    listed = owner.get(f"/api/chats/{chat.id}/members").json()["members"]
    assert [one["user_id"] for one in listed] == [str(cast.admin.pk)]
    put_members(owner, chat)
    assert people_in(chat) == {cast.teammate.email: False}


def test_a_colleague_reads_the_whole_chat_but_not_what_its_person_noted_beside_it(cast, mate, chat):
    assert mate.get(f"/api/chats/{chat.id}").status_code == 404
    let_in(chat, cast.teammate)
    answer = mate.get(f"/api/chats/{chat.id}")
    shown = answer.json()
    assert [message["content"] for message in shown["messages"]] == ["Who earns what?"]
    assert (shown["owner"], shown["can_write"], shown["metadata"]) == (cast.owner.full_name, False, {})
    assert shown["agent_id"] == str(chat.agent_id)
    assert "canary" not in answer.content.decode()


def test_an_agent_that_a_colleague_may_not_know_is_none(cast, mate):
    agent = AgentFactory(team=cast.team, name="Layoffs planner", audience=Audience.CHOSEN)
    with tenant_scope(cast.team.id):
        AgentMember.objects.create(agent=agent, user=cast.owner)
    chat = ChatFactory(user=cast.owner, agent=agent)
    let_in(chat, cast.teammate, can_write=True)
    for path in (f"/api/chats/{chat.id}", "/api/chats/shared"):
        answer = mate.get(path)
        assert str(agent.pk) not in answer.content.decode()
        assert "Layoffs" not in answer.content.decode()
    assert mate.get(f"/api/chats/{chat.id}").json()["agent_id"] is None
    refused = say(mate, chat)
    assert (refused.status_code, refused.json()["error_code"]) == (409, "AGENT_UNAVAILABLE")


def test_the_two_lists_are_apart(cast, owner, mate, chat):
    own = ChatFactory(user=cast.teammate)
    archived = ChatFactory(user=cast.owner, is_archived=True)
    let_in(chat, cast.teammate, can_write=True)
    let_in(archived, cast.teammate)
    assert [one["id"] for one in mate.get("/api/chats").json()] == [str(own.id)]
    answer = mate.get("/api/chats/shared")
    told = {one["id"]: (one["owner"], one["can_write"]) for one in answer.json()}
    assert told == {str(chat.id): (cast.owner.full_name, True), str(archived.id): (cast.owner.full_name, False)}
    assert answer.headers["X-Total-Count"] == "2"
    assert len(mate.get("/api/chats/shared?limit=1").json()) == 1
    assert owner.get("/api/chats/shared").json() == []


@pytest.mark.parametrize("rows", [1, 3, 20])
def test_the_shared_list_takes_the_same_queries_however_long(cast, mate, django_assert_num_queries, rows):
    for _ in range(rows):
        chat = ChatFactory(user=UserFactory(team=cast.team))
        MessageFactory(chat=chat, position=1)
        let_in(chat, cast.teammate)
    with django_assert_num_queries(6):
        assert len(mate.get("/api/chats/shared").json()) == rows


def test_what_is_the_owners_alone_is_not_there_for_a_colleague(cast, mate, chat):
    let_in(chat, cast.teammate, can_write=True)
    path, json_type = f"/api/chats/{chat.id}", "application/json"
    answers = [
        mate.patch(path, {"title": "Mine"}, content_type=json_type),
        mate.put(path, {"title": "Mine"}, content_type=json_type),
        mate.delete(path),
        mate.get(f"{path}/members"),
        put_members(mate, chat),
        mate.post(f"/mid/sessions/{chat.id}/share", {}, content_type=json_type),
        mate.get(f"/mid/sessions/{chat.id}/shares"),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    with tenant_scope(cast.team.id):
        assert Chat.objects.get(id=chat.id).title == "Salaries of all"
    assert people_in(chat) == {cast.teammate.email: True}


def test_the_door_for_openais_clients_stays_with_own_chats(cast, mate, chat):
    let_in(chat, cast.teammate, can_write=True)
    body = {
        "model": str(chat.agent_id),
        "messages": [{"role": "user", "content": "Hi"}],
        "metadata": {"chat_id": str(chat.id)},
    }
    assert mate.post("/v1/chat/completions", body, content_type="application/json").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_colleague_who_takes_part_speaks_in_their_name_and_at_their_cost(cast, mate, chat, monkeypatch):
    monkeypatch.setattr("agents.relay.launch", Mock())
    let_in(chat, cast.teammate, can_write=True)
    assert say(mate, chat, "And I?").status_code == 200
    with tenant_scope(cast.team.id):
        question = Message.objects.get(content="And I?")
        assert (question.author, question.chat) == (cast.teammate, chat)
        assert Run.objects.get().user == cast.teammate
    assert mate.get(f"/api/chats/{chat.id}/stream").status_code == 200
    assert mate.post(f"/api/chats/{chat.id}/stop").json()["stopped"] is True


def test_whoever_only_reads_is_told_so(cast, mate, chat):
    let_in(chat, cast.teammate)
    for answer in (say(mate, chat), mate.post(f"/api/chats/{chat.id}/stop")):
        assert (answer.status_code, answer.json()["error_code"]) == (403, "CHAT_READ_ONLY")
    with tenant_scope(cast.team.id), pytest.raises(ReadOnly):
        actions.retry_answer(chat_id=chat.id, user=cast.teammate)
    assert mate.get(f"/api/chats/{chat.id}/stream").status_code == 204
    with tenant_scope(cast.team.id):
        assert Message.objects.filter(chat=chat).count() == 1


def test_who_was_put_out_or_left_has_nothing_any_more(cast, mate, chat):
    let_in(chat, cast.teammate, can_write=True)
    mate.post(f"/api/chats/{chat.id}/read", {"position": 1}, content_type="application/json")
    with tenant_scope(cast.team.id):
        leave_chat(chat=chat, user=cast.teammate)
        assert not ReadMarker.objects.exists()
        with pytest.raises(NotFound):
            leave_chat(chat=chat, user=cast.teammate)
    answers = [mate.get(f"/api/chats/{chat.id}"), say(mate, chat), mate.get(f"/api/chats/{chat.id}/stream")]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert mate.get("/api/chats/shared").json() == []


def test_files_are_for_whoever_may_read_the_chat(cast, mate, client_of, chat):
    with tenant_scope(cast.team.id):
        file = Attachment.objects.create(
            message=chat.messages.get(), position=1, name="a.txt", media_type="text/plain", size=1, data=b"x"
        )
    path = f"/api/chats/{chat.id}/attachments/{file.id}"
    assert mate.get(path).status_code == 404
    let_in(chat, cast.teammate)
    assert b"".join(mate.get(path)) == b"x"
    assert client_of(cast.admin).get(path).status_code == 404
    assert client_of(cast.outsider).get(path).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_who_is_put_out_while_their_message_is_on_its_way_stays_out_or_was_heard_before(cast, chat, monkeypatch):
    monkeypatch.setattr("agents.relay.launch", Mock())
    let_in(chat, cast.teammate, can_write=True)

    def race(number):
        with tenant_scope(cast.team.id):
            if number:
                return set_members(chat=chat, members={})
            try:
                actions.start_answer(chat_id=chat.id, speaker=Speaker(cast.teammate), content="Hi")
            except (ReadOnly, NotFound):
                return "refused"
            return "heard"

    said, _ = at_once(2, race)
    with tenant_scope(cast.team.id):
        assert Message.objects.filter(author=cast.teammate).exists() == (said == "heard")
    assert people_in(chat) == {}


@pytest.mark.django_db(transaction=True)
def test_a_colleague_who_is_deleted_leaves_no_row_behind_whatever_goes_on(cast, chat):
    mates = [UserFactory(team=cast.team) for _ in range(4)]
    let_in(chat, *mates[:2], can_write=True)
    refused = []

    def work(number):
        with tenant_scope(cast.team.id):
            mate = mates[number // 2]
            try:
                if number % 2:
                    mate.delete()
                else:
                    set_members(chat=chat, members={one.pk: True for one in mates})
            except Invalid:  # one of them is gone by now
                refused.append(number)

    at_once(8, work)
    assert all(number % 2 == 0 for number in refused)
    assert people_in(chat) == {}
