"""What many tests begin with: made once by the application, and from then on put back into the database as it was."""

import pickle
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection

Made = TypeVar("Made")


class Kept(Generic[Made]):
    """Rows and the objects that stand for them, new to each test; ids and times are those of the first making."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._writes: list[tuple[str, Any]] = []
        self._objects = b""

    def __call__(self) -> Made:
        """Put the rows into the database and return the objects."""
        if self._objects:
            self._write_again()
        else:
            self._make_and_note()
        return self.copy()

    def copy(self) -> Made:
        """Return the objects of rows that are there already."""
        made: Made = pickle.loads(self._objects)
        return made

    def _make_and_note(self) -> None:
        self._writes.clear()  # of a making that failed
        with connection.execute_wrapper(self._note):
            made = self._make()
        self._objects = pickle.dumps(made)

    def _note(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE")):
            self._writes.append((sql, params))
        return execute(sql, params, many, context)

    def _write_again(self) -> None:
        with connection.cursor() as cursor:
            for sql, params in self._writes:
                cursor.execute(sql, params)
