"""A web page where an answer was expected."""

import re
from collections.abc import Iterator
from typing import Final

from agents.exceptions import AgentError
from agents.wire.events import Event, Failed

TITLE: Final = re.compile("<title", re.IGNORECASE)
TITLE_END: Final = re.compile("</title", re.IGNORECASE)
HTML_LOOKED_AT: Final = 64 * 1024


class HtmlBody:
    """A page: somebody's sign-in form or error page, never an answer."""

    format = "html"
    unread = ""

    def __init__(self) -> None:
        self._raw = ""

    def feed(self, text: str) -> Iterator[Event]:
        ending = self._raw[1 - len("</title") :] + text
        self._raw += text[: HTML_LOOKED_AT - len(self._raw)]
        if len(self._raw) == HTML_LOOKED_AT or TITLE_END.search(ending):
            yield from self.end()

    def end(self) -> Iterator[Event]:
        title = " ".join(_title(self._raw).split())[:200]
        name = f"titled “{title}”" if title else "without a title"
        yield Failed(AgentError("agent_html", f"The address answers with a web page {name}."))


def _title(page: str) -> str:
    """Return the title of a page, in one pass whatever the page repeats."""
    opening = TITLE.search(page)
    start = page.find(">", opening.end()) + 1 if opening else 0
    closing = TITLE_END.search(page, start) if start else None
    return page[start : closing.start()] if closing else ""
