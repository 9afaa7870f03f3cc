"""Daphne, which serves development, starts the relay with its first request and streams as well."""

import pytest

from tests.live.people import Person
from tests.live.sockets import open_socket
from tests.servers import start_server

pytestmark = pytest.mark.processes


def test_an_answer_streams_under_daphne(tmp_path):
    with start_server(tmp_path, program="daphne") as server:
        demo = server.demo
        with Person(server, demo["user"]["email"], demo["user"]["password"]) as user:
            chat = user.new_chat(demo["agent"]["id"])
            with open_socket(server, user, chat) as socket, user.sending(chat, "Hello") as reading:
                assert reading.rest().type == "done"
                assert socket.until("done")["id"] == reading.seen[-1].id
            assert len([event for event in reading.seen if event.type == "message"]) > 10
            assert socket.text == reading.text == user.messages(chat)[-1]["content"]
