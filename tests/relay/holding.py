"""Hold a row in a transaction of one's own, as a slow query or a person at a console does."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from uuid import UUID

from django.db import connections, models, transaction

from tenants.scope import unsafe_all_tenants

WAIT_SECONDS = 20


@contextmanager
def held(model: type[models.Model], row_id: UUID) -> Iterator[None]:
    """Hold one row until this is left."""
    holding, done = Event(), Event()

    def hold() -> None:
        rows: Any = model._default_manager
        with unsafe_all_tenants(reason="hold a row"), transaction.atomic():
            rows.select_for_update().get(pk=row_id)
            holding.set()
            done.wait(WAIT_SECONDS)
        connections.close_all()

    thread = Thread(target=hold, daemon=True)
    thread.start()
    assert holding.wait(WAIT_SECONDS)
    try:
        yield
    finally:
        done.set()
        thread.join(WAIT_SECONDS)
