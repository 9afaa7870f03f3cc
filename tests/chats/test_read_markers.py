"""How far everybody has read a chat: kept for each person, told to the others, counted in lists."""

import pytest
from django.utils.html import strip_tags

from chats.members import mark_read, set_members
from chats.models import ReadMarker
from chats.queries import own_chats, shared_chats, with_unread
from tenants import groups
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.chats.test_pages import add_exchange, address
from tests.factories import ChatFactory, MessageFactory


@pytest.fixture
def mate(cast, client_of):
    return client_of(cast.teammate)


@pytest.fixture
def shared(cast):
    """A chat in which the owner said two things, each answered, and the teammate reads."""
    chat = ChatFactory(user=cast.owner, title="Numbers")
    for position in (1, 3):
        add_exchange(chat, position)
    with tenant_scope(cast.team.id):
        set_members(chat=chat, members={cast.teammate.pk: False})
    return chat


def read(client, chat, **place):
    return client.post(f"/api/chats/{chat.id}/read", place, content_type="application/json")


def place_of(user, chat):
    with tenant_scope(chat.team_id):
        return ReadMarker.objects.filter(user=user, chat=chat).values_list("position", flat=True).first()


def unread(chats, user):
    with tenant_scope(user.team_id):
        return [chat.unread for chat in with_unread(chats(user), user)]


def test_a_place_moves_forward_and_never_back_nor_beyond_the_end(cast, mate, shared):
    assert [read(mate, shared, position=place).json() for place in (2, 1, 2**31 - 1, 3)] == [
        {"position": 2},
        {"position": 2},
        {"position": 4},
        {"position": 4},
    ]
    assert place_of(cast.teammate, shared) == 4
    assert place_of(cast.owner, shared) is None


def test_a_message_names_its_place_but_only_one_of_this_chat(cast, mate, shared):
    other = MessageFactory(chat=ChatFactory(user=cast.owner), position=1)
    with tenant_scope(cast.team.id):
        message = shared.messages.get(position=3)
    assert read(mate, shared, message_id=str(message.id)).json() == {"position": 3}
    assert read(mate, shared, message_id=str(other.id)).status_code == 400


@pytest.mark.parametrize(
    "place", [{}, {"position": 0}, {"position": "2"}, {"position": True}, {"position": 2**31}, {"message_id": "\0"}]
)
def test_a_place_that_makes_no_sense_is_refused(cast, mate, shared, place):
    assert read(mate, shared, **place).status_code == 400
    assert place_of(cast.teammate, shared) is None


def test_only_who_may_read_a_chat_has_a_place_in_it(cast, client_of, shared):
    for person in (cast.admin, cast.outsider, cast.operator):
        assert read(client_of(person), shared, position=1).status_code == 404
    with tenant_scope(cast.team.id):
        assert not ReadMarker.objects.exists()


def test_what_others_said_beyond_the_own_place_is_unread(cast, shared):
    assert unread(shared_chats, cast.teammate) == [2]
    assert unread(own_chats, cast.owner) == [0]
    with tenant_scope(cast.team.id):
        mark_read(chat=shared, user=cast.teammate, position=2)
    assert unread(shared_chats, cast.teammate) == [1]
    MessageFactory(chat=shared, position=5, author=cast.teammate)
    MessageFactory(chat=shared, position=6, guest_id=cast.team.id, guest_name="Vera")
    assert unread(own_chats, cast.owner) == [2]
    assert unread(shared_chats, cast.teammate) == [2]


@pytest.mark.parametrize("rows", [1, 20])
def test_lists_count_what_is_unread_in_the_same_queries(cast, mate, django_assert_num_queries, rows):
    for _ in range(rows):
        for user, other in ((cast.owner, cast.teammate), (cast.teammate, cast.owner)):
            chat = ChatFactory(user=user)
            MessageFactory(chat=chat, position=1, author=cast.owner)
            with tenant_scope(cast.team.id):
                set_members(chat=chat, members={other.pk: True})
    for page in ("/chats", "/chats/shared"):
        with django_assert_num_queries(4):
            text = strip_tags(mate.get(page).content.decode())
        assert text.count("1 unread message") == rows


def test_a_page_that_is_served_is_read_unless_nobody_can_see_it(cast, mate, owner, shared):
    page = address("chat-detail", shared)
    mate.get(page, headers={"sec-fetch-dest": "empty"})
    ahead = mate.get(page, headers={"sec-fetch-dest": "document", "sec-purpose": "prefetch"})
    assert place_of(cast.teammate, shared) is None
    assert 'data-told="0"' in ahead.content.decode()  # so its script tells it once somebody looks
    assert "Read by" not in owner.get(page).content.decode()
    seen = mate.get(page, headers={"sec-fetch-dest": "document"})
    assert place_of(cast.teammate, shared) == 4
    assert 'data-told="4"' in seen.content.decode()


def test_each_name_stands_once_under_the_last_message_read_and_not_for_oneself(cast, mate, owner, shared):
    with tenant_scope(cast.team.id):
        mark_read(chat=shared, user=cast.teammate, position=2)
        mark_read(chat=shared, user=cast.owner, position=4)
    page = owner.get(address("chat-detail", shared)).content.decode()
    assert page.count(f"Read by {cast.teammate.full_name}") == 1
    assert page.index('data-position="2"') < page.index("Read by") < page.index('data-position="3"')
    assert page.count("Read by") == 1
    theirs = mate.get(address("chat-detail", shared)).content.decode()
    assert theirs.count(f"Read by {cast.owner.full_name}") == theirs.count("Read by") == 1


def test_who_reads_alone_is_noted_nowhere(cast, owner):
    chat = ChatFactory(user=cast.owner)
    add_exchange(chat)
    owner.get(address("chat-detail", chat))
    assert place_of(cast.owner, chat) is None


def test_whoever_was_put_out_or_deactivated_is_no_reader(cast, owner, shared):
    with tenant_scope(cast.team.id):
        mark_read(chat=shared, user=cast.teammate, position=4)
        type(cast.teammate).objects.filter(pk=cast.teammate.pk).update(is_active=False)
    page = owner.get(address("chat-detail", shared)).content.decode()
    assert "Read by" not in page
    assert cast.teammate.full_name not in page


def test_open_pages_are_told_of_each_step_forward_once(cast, shared, monkeypatch, django_capture_on_commit_callbacks):
    told = []

    async def tell(_group, event):
        told.append(event)

    monkeypatch.setattr(groups, "tell", tell)
    with tenant_scope(cast.team.id), django_capture_on_commit_callbacks(execute=True):
        for place in (2, 2, 1, 4):
            mark_read(chat=shared, user=cast.teammate, position=place)
        ids = [shared.messages.get(position=place).id.hex for place in (2, 4)]
    who = {"type": "chat.read", "user_id": cast.teammate.pk.hex, "name": cast.teammate.full_name}
    assert told == [
        {**who, "message_id": ids[0], "position": 2},
        {**who, "message_id": ids[1], "position": 4},
    ]


@pytest.mark.django_db(transaction=True)
def test_of_many_places_told_at_once_the_furthest_stays(cast, shared):
    def tell(number):
        with tenant_scope(cast.team.id):
            return mark_read(chat=shared, user=cast.teammate, position=number % 4 + 1)

    at_once(8, tell)
    assert place_of(cast.teammate, shared) == 4
