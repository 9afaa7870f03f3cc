"""Who is typing in a chat: a name is remembered for a few seconds after each sign."""

import asyncio
from collections.abc import Callable
from typing import Final

TYPING_SECONDS: Final = 5.0
MOST_TYPISTS: Final = 20


class Typists:
    """The names of those who type, as one reader or room knows them; lives on the event loop."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._names: dict[str, str] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def note(self, who: str, name: str) -> None:
        """Remember that somebody types."""
        if who not in self._names and len(self._names) >= MOST_TYPISTS:
            return
        if timer := self._timers.pop(who, None):
            timer.cancel()
        self._timers[who] = asyncio.get_running_loop().call_later(TYPING_SECONDS, self.forget, who)
        if self._names.get(who) != name:
            self._names[who] = name
            self._changed()

    def forget(self, who: str) -> None:
        """Somebody paused, or said what they typed."""
        if timer := self._timers.pop(who, None):
            timer.cancel()
        if self._names.pop(who, None) is not None:
            self._changed()

    def names(self, *, apart_from: str) -> tuple[str, ...]:
        """Return who types, apart from the one who reads it."""
        return tuple(name for who, name in self._names.items() if who != apart_from)

    def clear(self) -> None:
        """Forget everybody without telling."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._names.clear()
