"""An answer as a client of OpenAI's API reads it: as a stream in pieces, or whole."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, Protocol

from agents.models import Run, RunStatus
from agents.relay import relay
from agents.relay.transcript import Ending
from chats.api.streams import EVENT_STREAM, STATUS_OF_ERROR
from chats.completions.asking import Asked
from chats.completions.growing import Shown
from chats.frames import KEEP_ALIVE_SECONDS
from tenants.database import in_team
from tenants.exceptions import ParleyError
from tenants.late import LateResponse
from tenants.managers import find

TOO_LONG: Final = "AGENT_TOO_LARGE"
ENDED_WELL: Final = (RunStatus.COMPLETE, RunStatus.STOPPED)
KEEP_ALIVE: Final = b": keep-alive\n\n"


@dataclass(frozen=True, slots=True)
class Finish:
    """How an answer ended, and what it took; the counts are 0 where the agent does not tell them."""

    text: str
    is_cut: bool
    prompt_tokens: int
    completion_tokens: int


class Shape(Protocol):
    """How one of the calls writes an answer; a stream is opened, grows and is closed or fails."""

    def opening(self) -> bytes: ...
    def piece(self, text: str) -> bytes: ...
    def closing(self, finish: Finish) -> bytes: ...
    def failure(self, error: ParleyError) -> bytes: ...
    def whole(self, finish: Finish) -> dict[str, Any]: ...


class AnswerFailed(ParleyError):
    """The agent failed; asked again it would be called again."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.sentence, headers={"x-should-retry": "false"})
        self.code = ending.error_code
        self.status = STATUS_OF_ERROR.get(ending.error_code, HTTPStatus.BAD_GATEWAY)


class Answer:
    """One reading of an answer, for one client."""

    def __init__(self, asked: Asked, shape: Shape, stops: Sequence[str], *, is_stream: bool) -> None:
        self._asked, self._shape, self._is_stream = asked, shape, is_stream
        self._shown = Shown(stops, may_change=not is_stream)
        self._is_cut = False

    async def decide(self, response: LateResponse) -> None:
        """Fill the response: a stream once its first piece has come or for a while none did, else the whole answer.

        Raises `AnswerFailed` where the agent failed before.
        """
        pieces = self._pieces()
        try:
            if not self._is_stream:
                async for _ in pieces:
                    pass
                response.become_json(self._shape.whole(await self._finish()))
                return
            first = await anext(pieces, None)
        except BaseException:
            await pieces.aclose()
            raise
        response.become_stream(self._events(first, pieces), EVENT_STREAM)

    async def _events(self, first: str | None, pieces: AsyncGenerator[str | None, None]) -> AsyncGenerator[bytes, None]:
        async with aclosing(pieces):
            yield self._shape.opening() + (self._shape.piece(first) if first else b"")
            try:
                async for piece in pieces:
                    yield self._shape.piece(piece) if piece else KEEP_ALIVE
                yield self._shape.closing(await self._finish())
            except ParleyError as error:
                yield self._shape.failure(error)

    async def _pieces(self) -> AsyncGenerator[str | None, None]:
        """Yield what may be shown; None for a sign of life. The run is stopped when nobody needs more of it."""
        ended, told_at = False, monotonic()
        try:
            async with aclosing(self._asked.listen(KEEP_ALIVE_SECONDS)) as heard:
                async for part in heard:
                    if part is None and monotonic() - told_at < KEEP_ALIVE_SECONDS / 2:
                        continue  # something beside the text; one sign of life is enough
                    told_at = monotonic()
                    if isinstance(part, Ending):
                        ended = True
                        self._judge(part)
                        if rest := self._shown.rest():
                            yield rest
                        return
                    yield self._shown.take(part) or None if part else None
                    if self._shown.met_stop:
                        return
        finally:
            if not ended and (self._shown.met_stop or self._asked.source is None):
                await relay().stop(self._asked.run.id, self._asked.run.owner)

    def _judge(self, ending: Ending) -> None:
        self._is_cut = ending.error_code == TOO_LONG
        if ending.status not in ENDED_WELL and not self._is_cut:
            raise AnswerFailed(ending)

    async def _finish(self) -> Finish:
        asked = self._asked.run
        run = await in_team(asked.team_id, find, Run.objects.only("prompt_tokens", "completion_tokens"), id=asked.id)
        counts = (run.prompt_tokens or 0, run.completion_tokens or 0) if run else (0, 0)
        return Finish(self._shown.text, self._is_cut, *counts)
