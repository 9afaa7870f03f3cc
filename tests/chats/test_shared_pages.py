"""The pages of a chat that colleagues share, which need no script."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from agents.models import Audience
from chats.members import set_members
from chats.models import Chat, ChatMember, Message
from chats.templatetags.chats import FORMER
from tenants.scope import tenant_scope
from tests.chats.test_pages import add_exchange, address
from tests.factories import AgentFactory, ChatFactory, MessageFactory, UserFactory

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def mate(cast, client_of):
    return client_of(cast.teammate)


@pytest.fixture
def shared(cast):
    chat = ChatFactory(user=cast.owner, title=f"Numbers {HOSTILE}")
    add_exchange(chat, status="failed", error_code="AGENT_FAILED")
    return chat


def let_in(chat, person, *, can_write):
    with tenant_scope(chat.team_id):
        set_members(chat=chat, members={person.pk: can_write})


def text_of(response):
    return response.content.decode()


def test_the_owner_chooses_colleagues_on_a_page_and_sees_who_is_in(cast, owner, shared):
    page, hostile = address("chat-members", shared), UserFactory(team=cast.team, full_name=HOSTILE)
    text = text_of(owner.get(page))
    for person in (cast.teammate, cast.admin):
        assert person.email in text
    for person in (cast.owner, cast.outsider, cast.operator):
        assert person.email not in text
    assert escape(hostile.full_name) in text
    assert HOSTILE not in text
    answer = owner.post(page, {"access": ["", f"{cast.teammate.pk}:write", f"{cast.admin.pk}:read"]}, follow=True)
    assert "2 colleagues see this chat." in text_of(answer)
    assert "shared with 2 colleagues" in text_of(answer)
    assert f'value="{cast.teammate.pk}:write" selected' in " ".join(text_of(owner.get(page)).split())
    answer = owner.post(page, {}, follow=True)
    assert "Nobody else of your team sees this chat." in text_of(answer)
    with tenant_scope(cast.team.id):
        assert not ChatMember.objects.exists()


@pytest.mark.parametrize("access", ["OUTSIDER:read", "OWNER:write", "MATE:own", "MATE", ":read", "\0"])
def test_a_choice_that_is_none_lets_nobody_in(cast, owner, shared, access):
    for name, person in (("OUTSIDER", cast.outsider), ("OWNER", cast.owner), ("MATE", cast.teammate)):
        access = access.replace(name, str(person.pk))
    answer = owner.post(address("chat-members", shared), {"access": [access]}, follow=True)
    assert "Somebody you chose is no longer here." in text_of(answer)
    with tenant_scope(cast.team.id):
        assert not ChatMember.objects.exists()


def test_shared_with_me_names_whose_chat_it_is_and_what_one_may(cast, mate, shared):
    assert "Nothing is shared with you" in text_of(mate.get(reverse("chats-of-colleagues")))
    for can_write, words in ((False, "you may read"), (True, "you may take part")):
        let_in(shared, cast.teammate, can_write=can_write)
        text = text_of(mate.get(reverse("chats-of-colleagues")))
        assert escape(shared.title) in text
        assert HOSTILE not in text
        assert cast.owner.full_name in text
        assert words in text
    assert escape(shared.title) not in text_of(mate.get(reverse("chat-list")))


def test_whoever_reads_has_no_way_to_write_and_is_told_why(cast, mate, shared):
    let_in(shared, cast.teammate, can_write=False)
    text = text_of(mate.get(address("chat-detail", shared)))
    assert "You may read this chat. To take part, ask" in text
    assert "data-composer" not in text
    assert "data-retry>" not in text
    answers = [mate.post(address(f"chat-{call}", shared), {"content": "Hi"}) for call in ("send", "retry", "stop")]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert "Hi</textarea>" in text_of(answers[0])
    with tenant_scope(cast.team.id):
        assert Message.objects.filter(chat=shared).count() == 2


def test_whoever_takes_part_may_write_and_sees_whose_words_each_are(cast, mate, owner, shared):
    let_in(shared, cast.teammate, can_write=True)
    MessageFactory(chat=shared, position=3, author=cast.teammate, content="And then?")
    page = address("chat-detail", shared)
    text = text_of(mate.get(page))
    assert "data-composer" in text
    assert f"<bdi>{cast.owner.full_name}</bdi>" in text
    assert f"<bdi>{cast.teammate.full_name}</bdi>" not in text
    assert f"<bdi>{cast.teammate.full_name}</bdi>" in text_of(owner.get(page))


def test_whoever_may_not_know_the_agent_only_reads_and_learns_nothing_of_it(cast, mate):
    agent = AgentFactory(team=cast.team, name="Layoffs planner", audience=Audience.CHOSEN)
    chat = ChatFactory(user=cast.owner, agent=agent)
    add_exchange(chat)
    let_in(chat, cast.teammate, can_write=True)
    for page in (address("chat-detail", chat), reverse("chats-of-colleagues")):
        assert "Layoffs" not in text_of(mate.get(page))
    text = text_of(mate.get(address("chat-detail", chat)))
    assert "the agent of this chat is not available to you" in text
    assert "data-composer" not in text


def test_what_is_the_owners_alone_is_neither_offered_nor_there(cast, mate, shared):
    let_in(shared, cast.teammate, can_write=True)
    text = text_of(mate.get(address("chat-detail", shared)))
    for call in ("rename", "archive", "delete", "members", "links"):
        assert address(f"chat-{call}", shared) not in text
        assert mate.post(address(f"chat-{call}", shared), {"title": "Mine"}).status_code == 404
    assert mate.get(address("chat-members", shared)).status_code == 404
    with tenant_scope(cast.team.id):
        assert Chat.objects.get(id=shared.id).title == shared.title


def test_a_colleague_leaves_and_is_out(cast, mate, owner, shared):
    let_in(shared, cast.teammate, can_write=True)
    assert "You left" in text_of(mate.post(address("chat-leave", shared), follow=True))
    assert mate.get(address("chat-detail", shared)).status_code == 404
    assert mate.post(address("chat-leave", shared)).status_code == 404
    assert owner.post(address("chat-leave", shared)).status_code == 404
    assert owner.get(address("chat-detail", shared)).status_code == 200


def test_the_words_of_somebody_who_was_deleted_are_nobody_elses(cast, owner, shared):
    let_in(shared, cast.teammate, can_write=True)
    MessageFactory(chat=shared, position=3, author=cast.teammate, content="I quit.")
    with tenant_scope(cast.team.id):
        cast.teammate.delete()
    text = text_of(owner.get(address("chat-detail", shared)))
    assert "I quit." in text
    assert FORMER in text


@pytest.mark.parametrize("place", [{}, {"position": "0"}, {"position": "x"}, {"position": "9" * 30}])
def test_the_script_of_a_page_tells_a_place_or_is_refused(mate, cast, shared, place):
    let_in(shared, cast.teammate, can_write=False)
    assert mate.post(address("chat-read", shared), {"position": "2"}).status_code == 204
    assert mate.post(address("chat-read", shared), place).status_code == 400
