"""How long and how much an agent may answer."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, fields
from time import monotonic
from typing import Any, Self, TypeVar

from agents.exceptions import AgentError
from agents.wire import Event, Notice, Replace, Text

T = TypeVar("T")

MIB = 1024 * 1024
MOST_SECONDS = 3600
MOST_BYTES = 16 * MIB
MOST_BODY_BYTES = 1024 * MIB
# What the limits are called where people set them, and where they are told to.
LABELS = {
    "connect": "Connecting",
    "first_byte": "First byte of the answer",
    "idle": "Silence between two bytes",
    "no_text": "Time between two pieces of text",
    "total": "The whole answer",
    "event_bytes": "One event",
    "text_bytes": "Text of the answer",
    "body_bytes": "All that is sent",
}
ERROR_GRACE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and bytes of one call.

    `first_byte` is the time to the first byte of the body, because n8n sends its headers before the workflow runs;
    `idle` the time between any two bytes, `no_text` between two pieces of the answer.
    `body_bytes` counts all that comes, also what is no text of the answer: keep-alives, reasoning, unknown frames.
    """

    connect: float = 5.0
    first_byte: float = 120.0
    idle: float = 90.0
    no_text: float = 300.0
    total: float = 900.0
    event_bytes: int = MIB
    text_bytes: int = MIB
    body_bytes: int = 64 * MIB

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Self:
        """Return the limits of an agent. Raises `ValueError` with a plain sentence for one that makes no sense."""
        defaults = {field.name: field.default for field in fields(cls)}
        for name, value in given.items():
            if name not in defaults:
                raise ValueError(f"There is no limit called {name!r}; there are {', '.join(defaults)}.")
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise ValueError(f"The limit {name!r} must be a positive number.")
            if name.endswith("_bytes") and not isinstance(value, int):
                raise ValueError(f"The limit {name!r} must be a whole number of bytes.")
            most = most_of(name)
            if value > most:
                raise ValueError(f"The limit {name!r} must not be more than {most}.")
        return cls(**given)


def described() -> str:
    """Return the limits with their defaults, for people who set them."""
    defaults = {field.name: field.default for field in fields(Limits)}
    seconds = ", ".join(f"{name} {value:g}" for name, value in defaults.items() if not name.endswith("_bytes"))
    sizes = ", ".join(f"{name} {value}" for name, value in defaults.items() if name.endswith("_bytes"))
    return f"Defaults in seconds: {seconds}; in bytes: {sizes}."


def most_of(name: str) -> int:
    """Return the most that a limit may be."""
    if name == "body_bytes":
        return MOST_BODY_BYTES
    return MOST_BYTES if name.endswith("_bytes") else MOST_SECONDS


class Clock:
    """Wait for an agent no longer than its limits say; the time of one call runs from here."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._start = self._last_text = monotonic()
        self._last_read: float | None = None
        self.saw_text = False

    async def within(self, awaitable: Awaitable[T], pending: AgentError | None = None) -> T:
        """Return what `awaitable` gives. Raises `AgentError` when the first of the limits is reached.

        After a `pending` error only a short silence is allowed: n8n then leaves the connection open for ever.
        """
        deadline, reason = self._deadline(pending)
        try:
            async with asyncio.timeout(deadline - monotonic()):
                given = await awaitable
            if monotonic() < deadline:  # a flood is never waited for, so that no time-out would come between
                return given
            raise TimeoutError
        except TimeoutError:
            raise AgentError("agent_timeout", reason) from None

    def saw(self, events: list[Event]) -> None:
        """Note that bytes came, and whether there was anything of the answer in them."""
        self._last_read = monotonic()
        if any(isinstance(event, Text | Replace | Notice) for event in events):
            self._last_text = self._last_read
            self.saw_text = True

    def until(self, seconds: float) -> float:
        """Return what is left of `seconds` since the last read."""
        return max(0.0, (self._last_read or self._start) + seconds - monotonic())

    def _deadline(self, pending: AgentError | None) -> tuple[float, str]:
        limits = self._limits
        deadlines = [
            (self._start + limits.total, f"The answer took more than {limits.total:g} s."),
            (self._last_text + limits.no_text, f"No text came for {limits.no_text:g} s."),
        ]
        if self._last_read is None:
            deadlines.append((self._start + limits.first_byte, f"Nothing came for {limits.first_byte:g} s."))
        else:
            deadlines.append((self._last_read + limits.idle, f"The agent was silent for {limits.idle:g} s."))
            if pending:
                deadlines.append((self._last_read + ERROR_GRACE, f"{pending.diagnosis} Then it fell silent."))
        return min(deadlines)
