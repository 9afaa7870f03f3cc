"""Requests share a few threads, one at a time."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from tenants import threads
from tenants.database import give_back_connections
from tenants.threads import KeptThreads, let_go_of_request_thread

View = Callable[[], Any]


@pytest.fixture(autouse=True)
def pile():
    threads._pile.clear()
    yield threads._pile
    for worker in threads._pile:
        worker.end()
    threads._pile.clear()


async def request(view: View) -> Any:
    """Run a synchronous view as an ASGI server and Django would."""
    answers = []

    async def application(*_: Any) -> None:
        answers.append(await sync_to_async(view)())

    await KeptThreads(application)({}, None, None)
    return answers[0]


def test_the_next_request_finds_the_thread_of_the_last_one(pile):
    async def two() -> list[int]:
        return [await request(threading.get_ident) for _ in range(2)]

    first, second = asyncio.run(two())
    assert first == second != threading.get_ident()
    assert len(pile) == 1


def test_requests_of_one_moment_have_a_thread_each_and_few_are_kept(pile, monkeypatch):
    monkeypatch.setattr(threads, "MOST_KEPT", 3)
    together = threading.Barrier(5)

    def view() -> int:
        together.wait(10)
        return threading.get_ident()

    async def five() -> list[int]:
        return await asyncio.gather(*(request(view) for _ in range(5)))

    assert len(set(asyncio.run(five()))) == 5
    assert len(pile) == 3


def test_a_thread_still_at_work_for_a_client_that_left_is_not_lent():
    began, may_end, ended = Event(), Event(), Event()

    def slow() -> None:
        began.set()
        may_end.wait(10)
        ended.set()

    async def leave_and_ask_again() -> int:
        left = asyncio.create_task(request(slow))
        await asyncio.to_thread(began.wait, 10)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        async with asyncio.timeout(10):
            ident = await request(threading.get_ident)
        assert not ended.is_set()
        may_end.set()
        return ident

    assert asyncio.run(leave_and_ask_again())
    assert ended.wait(10)


def test_a_stream_holds_no_thread_and_borrows_one_to_close(pile):
    async def stream() -> tuple[int, int, int]:
        counts = []

        async def application(*_: Any) -> None:
            await sync_to_async(threading.get_ident)()
            let_go_of_request_thread()
            counts.append(len(pile))
            await sync_to_async(threading.get_ident)()
            counts.append(len(pile))

        await KeptThreads(application)({}, None, None)
        return counts[0], counts[1], len(pile)

    assert asyncio.run(stream()) == (1, 0, 1)


def test_letting_go_outside_of_a_request_does_nothing(pile):
    async def let_go() -> None:
        let_go_of_request_thread()

    asyncio.run(let_go())
    assert not pile


def test_nor_is_one_whose_queue_was_cancelled_behind_the_work(pile):
    began, may_end = Event(), Event()

    def slow() -> None:
        began.set()
        may_end.wait(10)

    async def leave_twice() -> None:
        queued = asyncio.Event()

        async def application(*_: Any) -> None:
            with suppress(asyncio.CancelledError):
                await sync_to_async(slow)()
            queued.set()
            try:
                await sync_to_async(threading.get_ident)()  # as Django tells that the request is over
            finally:
                await asyncio.sleep(0)  # the cancelled call has left the queue

        left = asyncio.create_task(KeptThreads(application)({}, None, None))
        await asyncio.to_thread(began.wait, 10)
        left.cancel()
        await queued.wait()
        left.cancel()
        await asyncio.wait([left])

    asyncio.run(leave_twice())
    assert not pile
    may_end.set()


@pytest.mark.django_db(transaction=True)
def test_a_connection_to_sqlite_is_kept_and_one_of_a_pool_given_back():
    def ask() -> tuple[Any, Any]:
        connection.ensure_connection()
        before = connection.connection
        give_back_connections()
        return before, connection.connection

    def wait_long() -> Any:
        connection.ensure_connection()
        give_back_connections(lasting=True)
        return connection.connection

    async def twice() -> list[tuple[Any, Any]]:
        found = [await request(ask) for _ in range(2)]
        assert await request(wait_long) is None
        return found

    (first, kept), (second, _) = asyncio.run(twice())
    if connection.vendor == "sqlite":
        assert first is kept is second
    else:
        assert first is not None
        assert kept is None
