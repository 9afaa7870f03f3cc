"""Places in a room, taken by real processes that come at once, fall silent or die; `kill -9` frees a place."""

import time
from collections.abc import Callable

import httpx
import pytest

from tests.live.people import Person, all_at_once
from tests.live.visitors import READ, WATCH, Link, make_link

pytestmark = pytest.mark.processes
BROKEN_SECONDS = 30  # half of the minute that is promised: it was the broken connection that freed the place
PAIR_LEASE_SECONDS = 10


@pytest.fixture
def link(server, user, demo) -> Callable[..., Link]:
    chat = user.new_chat(demo["agent"]["id"])
    return lambda **fields: make_link(server, user, chat, **fields)


def join_at_once(links: list[Link]) -> list[httpx.Response]:
    """Have one stranger for each of these come at the same moment."""
    strangers = [link.visitor() for link in links]
    return all_at_once(len(links), lambda number: links[number].call("join", client=strangers[number]))


def five_of_fifty(answers: list[httpx.Response]) -> list[str]:
    """Make sure that five are in and forty-five were told that it is full; return the tokens of the five."""
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 45
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.json()["error_code"] for answer in refused} == {"SHARE_FULL"}
    assert all(int(answer.headers["Retry-After"]) > 0 and "history" not in answer.text for answer in refused)
    return [answer.json()["participant_token"] for answer in answers if answer.status_code == 200]


def leave_fifty_times(links: list[Link], tokens: list[str]) -> None:
    """Have one of five leave as often as they can, beside strangers without a token or with an invented one."""
    mine, *others = tokens
    presented = [mine, mine, "", "invented", others[0][::-1]]
    answers = all_at_once(50, lambda number: links[number].call("leave", token=presented[number % 5]))
    assert {answer.status_code for answer in answers} == {200}
    for _ in range(3):
        assert links[0].call("leave", token=mine).json() == {"success": True, "current_users": 4}


def test_of_fifty_who_join_at_once_five_come_in_and_one_leaves_once(link):
    room = link(max_concurrent_users=5)
    tokens = five_of_fifty(join_at_once([room] * 50))
    assert len(set(tokens)) == room.current_users == 5
    leave_fifty_times([room] * 50, tokens)
    assert room.current_users == 4
    assert sorted(answer.status_code for answer in join_at_once([room] * 3)) == [200, 429, 429]


def test_the_place_of_a_client_that_is_killed_is_free_within_a_minute(link):
    """One holds it by a socket, one by a stream; those in line come in by turn, the first of them first."""
    room = link(max_concurrent_users=2)
    tokens = [room.join(), room.join()]
    with room.process(WATCH, tokens[0]) as watching, room.process(READ, tokens[1]) as reading:
        line = [room.wait_in_line() for _ in range(2)]
        with room.socket(line[0]) as first, room.socket(line[1]) as second:
            assert [socket.until("seat")["data"]["state"] for socket in (first, second)] == ["waiting", "waiting"]
            killed_at = time.monotonic()
            watching.kill()
            reading.kill()
            assert first.until("seat", seconds=BROKEN_SECONDS)["data"]["state"] == "in"
            while (frame := second.until("seat", seconds=BROKEN_SECONDS))["data"]["state"] != "in":
                assert frame["data"]["ahead"] == 0
            assert time.monotonic() - killed_at < BROKEN_SECONDS
        assert room.call("join").status_code == 429


@pytest.fixture
def rooms(pair):
    """A link of five places, as the visitors of two servers use it, and its owner at the second."""
    first, second, demo = pair
    with Person(second, demo["user"]["email"], demo["user"]["password"]) as owner:
        room = make_link(second, owner, owner.new_chat(demo["agent"]["id"]), max_concurrent_users=5)
        yield room.at(first), room


def test_of_fifty_who_join_at_two_servers_five_come_in_and_one_leaves_once(rooms):
    links = [*rooms] * 25
    tokens = five_of_fifty(join_at_once(links))
    assert rooms[1].current_users == 5
    leave_fifty_times(links, tokens)
    assert rooms[1].current_users == 4


def test_the_places_at_a_server_that_is_killed_are_given_away_by_the_other(pair, rooms):
    here, there = rooms
    holders = [here.join() for _ in range(5)]
    with here.socket(holders[0]) as held:
        assert held.until("seat")["data"]["state"] == "in"
        with there.socket(there.wait_in_line()) as waiting:
            assert waiting.until("seat")["data"]["state"] == "waiting"
            killed_at = time.monotonic()
            pair[0].kill()
            frame = waiting.until("seat", seconds=PAIR_LEASE_SECONDS + 5)
            took = time.monotonic() - killed_at
    pair[0].start()
    assert frame["data"]["state"] == "in"
    assert took < PAIR_LEASE_SECONDS + 5
