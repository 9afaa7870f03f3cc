"""What the tests of the wire formats share."""

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

import pytest

Used = Callable[[], int]


@pytest.fixture
def memory() -> Callable[[], AbstractContextManager[Used]]:
    """Measure what a block allocates at its peak, in bytes."""

    @contextmanager
    def measured() -> Iterator[Used]:
        peaks: list[int] = []
        tracemalloc.start()
        try:
            yield lambda: peaks[0]
        finally:
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    return measured


@pytest.fixture
def calls() -> Callable[[], AbstractContextManager[Used]]:
    """Count the calls of functions in a block, which says how much it does on a machine of any speed."""

    @contextmanager
    def counted() -> Iterator[Used]:
        seen = 0

        def count(frame: FrameType, event: str, arg: object) -> None:
            nonlocal seen
            seen += event == "call"

        sys.setprofile(count)
        try:
            yield lambda: seen
        finally:
            sys.setprofile(None)

    return counted
