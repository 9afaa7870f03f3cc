"""A socket that fails says so in the log; one whose other side is gone does not cry."""

import logging
from unittest.mock import AsyncMock

import pytest

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
