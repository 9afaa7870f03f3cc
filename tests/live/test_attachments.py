"""Files on their way through a real server: from a person to the agent, held to the limits of a body."""

import re
from collections.abc import Iterator

import pytest

from tests.accounts.pictures import data_uri, picture
from tests.live.conftest import add_agent
from tests.live.people import EVENT_STREAM, all_at_once
from tests.live.sockets import open_socket

pytestmark = pytest.mark.processes

MIB = 2**20
LARGE = b"x" * (4 * MIB)  # more than any other body may have
PNG = picture()
BOUNDARY = "parley-boundary"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **EVENT_STREAM}


def form(name: str, data: bytes) -> Iterator[bytes]:
    """Give a form of a text and a file in pieces, so that its length is not told before."""
    yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="content"\r\n\r\nLook\r\n'.encode()
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
    yield f"{head}Content-Type: text/html\r\n\r\n".encode()
    for place in range(0, len(data), MIB):
        yield data[place : place + MIB]
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


def test_an_agent_gets_the_files_of_its_chat_and_nothing_of_another(user, sign_in, demo, admin, agent):
    teammate = sign_in(demo["teammate"])
    agent_id = add_agent(admin, agent.url)
    people = [(user, "first"), (teammate, "second")]
    chats = [person.new_chat(agent_id) for person, _ in people]

    def say(number):
        person, word = people[number]
        files = [("files", (f"{word}.txt", f"{word} secret".encode())), ("files", (f"{word}.png", PNG))]
        sent = {"content": f"{word} question"}
        path = f"/api/chats/{chats[number]}/messages"
        with person.stream("POST", path, data=sent, files=files, headers=EVENT_STREAM) as answer:
            assert answer.status_code == 200
            call = agent.call()  # of one of the two
            call.begin().say("Seen").end()
            answer.read()
        return call.body

    bodies = all_at_once(2, say)
    for body in bodies:
        word, other = (b"first", b"second") if b"first question" in body else (b"second", b"first")
        assert b'name="chatInput"\r\n\r\n' + word + b" question" in re.sub(
            rb"Content-Type: text/plain.*\r\n", b"", body
        )
        assert word + b" secret" in body
        assert PNG in body
        assert b"Content-Type: image/png" in body
        assert other not in body
    assert sorted(b"first question" in body for body in bodies) == [False, True]


def test_a_message_with_files_may_be_large_and_nothing_else(user, chat, agent):
    path = f"/api/chats/{chat}/messages"

    def begun(**sent):
        with user.stream("POST", path, **sent) as answer:
            if answer.status_code == 200:
                agent.call().begin().say("Seen").end()
            answer.read()
            return answer.status_code

    assert begun(content=form("a.html", LARGE), headers=FORM) == 200
    assert begun(json={"attachments": [{"name": "b", "data": data_uri(LARGE)}]}, headers=EVENT_STREAM) == 200
    assert [file["size"] for message in user.messages(chat)[::2] for file in message["attachments"]] == [4 * MIB] * 2
    assert begun(content=form("c.txt", b"x" * (5 * MIB + 1)), headers=FORM) == 413
    assert begun(content=form("d.txt", b"x" * (37 * MIB)), headers=FORM) == 413
    assert begun(content=b"x" * (37 * MIB), headers=FORM) == 413
    for other in (f"/api/chats/{chat}/stop", "/api/chats", f"/api/chats/{chat}"):
        assert user.post(other, content=form("e.txt", LARGE), headers=FORM).status_code == 413
        assert user.post(other, content=b"".join(form("f.txt", LARGE)), headers=FORM).status_code == 413
    assert len(user.messages(chat)) == 4


def test_the_page_takes_a_large_file_and_sockets_tell_of_it(server, user, chat, agent):
    page = user.get(f"/chats/{chat}").text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    fields = {"csrfmiddlewaretoken": token, "content": "Look\r\nhere"}
    with open_socket(server, user, chat) as socket:
        answer = user.post(f"/chats/{chat}/send", data=fields, files=[("files", ("a.txt", LARGE))])
        assert answer.status_code == 303
        told = socket.until("entry")["data"]["message"]
        call = agent.call()
        assert LARGE in call.body
        call.begin().say("Seen").end()
    [file] = user.messages(chat)[0]["attachments"]
    assert told["attachments"] == [file]
    assert user.get(file["url"]).content == LARGE
    assert user.messages(chat)[0]["content"] == "Look\nhere"
