"""Threads for the synchronous part of requests, kept from one request to the next.

Django gives each request a thread that ends with it, and with the thread goes its database connection. Here the
thread goes back on a pile, last in first out, with all that is warm in it.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.db import connections

P = ParamSpec("P")
R = TypeVar("R")
ASGIApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

MOST_KEPT: Final = 16


class KeptThreads:
    """Run each request of an ASGI application in a thread from the pile."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        thread = RequestThread()
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.inner(scope, receive, send)
        finally:
            thread.give_back()


def let_go_of_request_thread() -> None:
    """Give back the thread that ran the request's view; call it where a streamed answer begins, on the event loop.

    A stream needs none, and a thousand idle ones cost memory; closing the response borrows one again.
    """
    context = SyncToAsync.thread_sensitive_context.get(None)
    thread = SyncToAsync.context_to_thread_executor.get(context) if context is not None else None
    if isinstance(thread, RequestThread):
        thread.give_back()


class RequestThread(Executor):
    """The thread of one request: borrowed when there is work for it, given back at the end or where it has to wait."""

    def __init__(self) -> None:
        self._worker: _Worker | None = None

    def submit(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Do some work in the thread."""
        if self._worker is None:
            self._worker = _borrow()
        return self._worker.submit(work, *args, **kwargs)

    def give_back(self) -> None:
        """Put the thread back, unless enough are there or the work of a client that went away is still in it."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if worker.is_idle() and len(_pile) < MOST_KEPT:
            _pile.append(worker)
        else:
            worker.end()


class _Worker:
    """One thread that does one thing after another."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="request")
        self._unfinished: list[Future[Any]] = []

    def submit(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        future = self._executor.submit(work, *args, **kwargs)
        self._unfinished.append(future)
        return future

    def is_idle(self) -> bool:
        """Tell whether nothing is left to do; what was cancelled in the queue says nothing of what runs before it."""
        self._unfinished = [future for future in self._unfinished if not future.done()]
        return not self._unfinished

    def end(self) -> None:
        """End the thread after what it still has to do, without waiting for it."""
        self._executor.submit(connections.close_all)
        self._executor.shutdown(wait=False)


_pile: Final[deque[_Worker]] = deque()


def _borrow() -> _Worker:
    try:
        return _pile.pop()
    except IndexError:
        return _Worker()
