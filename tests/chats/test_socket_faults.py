"""A socket that fails says so in the log; one whose other side is gone does not cry."""

import json
import logging
from unittest.mock import AsyncMock
from uuid import uuid4

import pytest

from chats import sockets
from chats.frames import Frame, Source
from chats.sockets import AnswerSocket, Close


@pytest.fixture
def consumer():
    consumer = AnswerSocket()
    consumer.close = AsyncMock(side_effect=OSError("gone"))
    return consumer


@pytest.mark.parametrize(("fault", "level"), [(RuntimeError("a mistake"), logging.ERROR), (OSError(), logging.INFO)])
async def test_a_fault_closes_the_socket_and_is_logged_as_what_it_is(consumer, caplog, fault, level):
    async def fail():
        raise fault

    with caplog.at_level(logging.INFO, "chats.sockets"):
        await consumer._close_on_fault(fail())
    assert [record.levelno for record in caplog.records] == [level]
    consumer.close.assert_awaited_once_with(Close.FAULT)


async def test_work_that_ends_leaves_the_socket_open(consumer):
    await consumer._close_on_fault(AsyncMock()())
    consumer.close.assert_not_awaited()


@pytest.fixture
def page():
    """A page's socket."""
    page = AnswerSocket()
    page.scope = {"query_string": b"html=1"}
    page.base_send = AsyncMock()
    return page


def sent(page):
    """Return what was sent: the type of each frame, and the code it was closed with."""
    outputs = [call.args[0] for call in page.base_send.await_args_list]
    return [json.loads(output["text"])["type"] if "text" in output else output["code"] for output in outputs]


async def test_nothing_is_sent_after_a_socket_was_closed(page):
    await page.refuse(Close.FORBIDDEN, "left")
    await page.tell("message", {})
    await page._close_on_fault(AsyncMock(side_effect=RuntimeError)())
    assert sent(page) == ["closed", Close.FORBIDDEN]


async def test_a_page_is_told_that_a_silent_answer_goes_on_but_not_each_time(page, monkeypatch):
    async def read_answer(*_, **__):
        yield Frame("hidden", {}, "")
        yield None
        yield Frame("status", {}, "")
        for frame in (Frame("hidden", {}, ""), None):
            yield frame
        page.sent_at -= sockets.ALIVE_PAUSE_SECONDS
        yield Frame("hidden", {}, "")
        page.sent_at -= sockets.ALIVE_PAUSE_SECONDS
        yield None

    async def text_of(frame, source):
        return "" if frame.type == "hidden" else sockets.encoded(frame.type, {})

    monkeypatch.setattr(sockets, "read_answer", read_answer)
    page.text_of, page.sent_at = text_of, float("inf")
    await page._relay(Source(uuid4(), uuid4(), uuid4(), "", is_live=True))
    assert sent(page) == ["status", "alive", "alive"]
    page.scope["query_string"] = b""
    await page._relay(Source(uuid4(), uuid4(), uuid4(), "", is_live=True))
    assert sent(page)[3:] == ["status"]
