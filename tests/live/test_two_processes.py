"""Two servers on one PostgreSQL and one Redis: an answer of one is read, resumed and stopped through the other."""

import pytest

from tests.live.conftest import add_agent
from tests.live.people import Person
from tests.live.sockets import open_socket

pytestmark = pytest.mark.processes


@pytest.fixture
def here(pair):
    with Person(pair[0], pair[2]["user"]["email"], pair[2]["user"]["password"]) as person:
        yield person


@pytest.fixture
def there(pair, here):
    """The same person at the other server, with the same cookies."""
    with Person(pair[1], pair[2]["user"]["email"], pair[2]["user"]["password"]) as person:
        yield person


@pytest.fixture
def chat(pair, here, agent):
    with Person(pair[0], pair[2]["admin"]["email"], pair[2]["admin"]["password"]) as admin:
        return here.new_chat(add_agent(admin, agent.url))


def test_an_answer_is_read_live_in_the_other_process(here, there, chat, agent):
    with here.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("from one ")
        reading.until("from one ")
        with there.resuming(chat) as mirrored:
            mirrored.until("from one ")
            call.say("to the other")
            mirrored.until("other")
            call.end()
            assert mirrored.rest().data == reading.rest().data
    assert mirrored.text == reading.text == "from one to the other"
    assert mirrored.seen[-1].id == reading.seen[-1].id


def test_it_is_resumed_in_the_other_process_from_a_place(here, there, chat, agent):
    with here.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("first ")
        place = reading.until("first ").id
        with there.resuming(chat, place) as resumed:
            call.say("second").end()
            assert resumed.rest().type == "done"
        reading.rest()
    assert resumed.text == "second"


def test_it_is_stopped_from_the_other_process(here, there, chat, agent):
    with here.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("enough")
        reading.until("enough")
        stopped = there.post(f"/api/chats/{chat}/stop").json()
        assert reading.rest().data["stopped"] is True
    assert stopped["stopped"] is True
    assert (stopped["message"]["status"], stopped["message"]["content"]) == ("stopped", "enough")
    assert call.closed.wait(5)


def test_a_page_at_the_other_process_sees_question_and_answer(pair, here, there, chat, agent):
    with open_socket(pair[1], there, chat) as socket, here.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("hello ")
        assert socket.until("entry")["data"]["message"]["content"] == "Hi"
        socket.until_text("hello ")
        call.say("there").end()
        assert socket.until("done")["id"] == reading.rest().id
    assert socket.text == "hello there"


def test_a_long_answer_arrives_whole_in_the_other_process(here, there, chat, agent):
    words = [f"{number} ä😀 " for number in range(20_000)]
    with here.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("begin ")
        reading.until("begin ")
        with there.resuming(chat) as mirrored:
            for start in range(0, len(words), 500):
                call.say("".join(words[start : start + 500]))
            call.end()
            assert mirrored.rest().type == "done"
        reading.rest()
    assert mirrored.text == reading.text == "begin " + "".join(words)


def test_the_other_process_notices_an_owner_that_died(pair, here, there, chat, agent):
    with here.sending(chat, "Hi") as reading:
        agent.call().begin().say("half")
        reading.until("half")
        with there.resuming(chat) as mirrored:
            mirrored.until("half")
            pair[0].kill()
            last = mirrored.rest()
    pair[0].start()
    assert (last.type, last.data["code"]) == ("error", "RUN_INTERRUPTED")
    assert there.messages(chat)[-1]["status"] == "interrupted"
