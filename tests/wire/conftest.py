"""What the tests of the wire formats share."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

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
