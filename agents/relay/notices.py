"""What an agent tells beside its answer, kept within bounds: its reasoning, the tools it used, the sources it names."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from agents.wire import Notice
from agents.wire.text import Cleaner

MAX_NOTICES: Final = 50
MAX_KEY_CHARS: Final = 200
MAX_TITLE_CHARS: Final = 200
MAX_URL_CHARS: Final = 2000
MAX_REASONING_CHARS: Final = 32 * 1024  # of all reasoning together
TITLE_LOOKED_AT: Final = 4 * MAX_TITLE_CHARS
CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
WEB_ADDRESS: Final = re.compile(r"https?://[^\s\\/?#][^\s\\]*", re.IGNORECASE)


@dataclass(slots=True)
class Row:
    """One notice as far as it is known; `version` says when it last changed for those who read along."""

    id: int
    kind: str
    title: str = ""
    url: str = ""
    done: bool = False
    version: int = 0
    pieces: list[str] = field(default_factory=list)

    def live(self) -> dict[str, Any]:
        """Return what readers are told while the run goes on."""
        shown = {"id": self.id, "kind": self.kind, "title": self.title, "done": self.done}
        return shown | {"url": self.url} if self.url else shown

    def kept(self) -> dict[str, Any]:
        """Return what is kept beside the answer, a model's reasoning with it."""
        text = _storable("".join(self.pieces))
        return self.live() | {"text": text} if text else self.live()


class Notices:
    """The notices of one run. Those of the same kind and key are one; what is over the bounds is left out.

    `version` counts what readers are told of, `edition` all that is to be saved: reasoning itself is not read along,
    so that a piece of it costs no more than an append.
    """

    __slots__ = ("_ids", "_room", "_rows", "edition", "is_thinking", "version")

    def __init__(self) -> None:
        self.version = 0
        self.edition = 0
        self.is_thinking = False
        self._rows: dict[int, Row] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._room = MAX_REASONING_CHARS

    def add(self, notice: Notice) -> bool:
        """Take in what came; tell whether there is anything new for readers."""
        row = self._row_of(notice)
        if row is None:
            return False
        self.edition += 1
        before = (row.title, row.url, row.done, row.version > 0)
        if notice.kind == "reasoning":
            self._keep(row, notice.text)
            row.done = notice.done
            self.is_thinking = self.is_thinking or not row.done
        else:
            row.done = row.done or notice.done or notice.kind == "citation"
        if notice.title or notice.url:  # pieces of reasoning have neither, and are many
            row.title = _title(notice.title) or row.title
            row.url = _web_address(notice.url) or row.url
        if before == (row.title, row.url, row.done, True):
            return False
        self._changed(row)
        return True

    def thought(self) -> None:
        """Note that the answer goes on, so that the reasoning before it is over."""
        if self.is_thinking:
            self.is_thinking = False
            self._finish(row for row in self._rows.values() if row.kind == "reasoning")

    def close(self) -> None:
        """Note that the run has ended, and everything in it."""
        self._finish(self._rows.values())

    def since(self, version: int, most: int = MAX_NOTICES) -> list[Row]:
        """Return what has changed since a version, the oldest change first, at most so many."""
        if version >= self.version:
            return []
        return sorted((row for row in self._rows.values() if row.version > version), key=lambda row: row.version)[:most]

    def mirror(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take over what another process tells of its run; what is known already changes nothing."""
        for told in rows:
            row = Row(told["id"], told["kind"], told["title"], told.get("url", ""), told["done"], told["version"])
            known = self._rows.get(row.id)
            if known is None or known.version < row.version:
                self._rows[row.id] = row
                self.version = max(self.version, row.version)

    def kept(self) -> list[dict[str, Any]]:
        """Return all of them as they are kept."""
        return [row.kept() for row in self._rows.values()]

    def _row_of(self, notice: Notice) -> Row | None:
        name = (notice.kind, notice.key[:MAX_KEY_CHARS])
        number = self._ids.get(name)
        tells = notice.title or notice.text or notice.url  # models that hide their reasoning tell only of its end
        if number is None and tells and len(self._ids) < MAX_NOTICES:
            number = self._ids[name] = len(self._ids) + 1
            self._rows[number] = Row(number, notice.kind)
        return None if number is None else self._rows[number]

    def _keep(self, row: Row, text: str) -> None:
        if text and self._room:
            row.pieces.append(text[: self._room])
            self._room -= len(row.pieces[-1])

    def _finish(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if not row.done:
                row.done = True
                self.edition += 1
                self._changed(row)

    def _changed(self, row: Row) -> None:
        self.version += 1
        row.version = self.version


def _title(text: str) -> str:
    """Return a title as one line."""
    line = " ".join(CONTROLS.sub(" ", _storable(text[:TITLE_LOOKED_AT])).split())
    return line if len(line) <= MAX_TITLE_CHARS else line[: MAX_TITLE_CHARS - 1].rstrip() + "…"


def _web_address(url: str) -> str:
    """Return an address that a link may lead to, empty for any other."""
    if not url or len(url) > MAX_URL_CHARS or CONTROLS.search(url) or not WEB_ADDRESS.fullmatch(url):
        return ""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return ""
    return _storable(url) if host else ""


def _storable(text: str) -> str:
    cleaner = Cleaner()
    return cleaner.clean(text) + cleaner.flush()
