"""Call something many times at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def at_once(times: int, call: Callable[[int], T]) -> list[T]:
    """Return what each of the calls returned; all of them start together."""
    ready = Barrier(times)

    def start(number: int) -> T:
        ready.wait()
        try:
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(start, range(times)))
